//! (being written)
pub(crate) const EXAMPLE: &str = "";
pub(crate) fn build(_source: &str, _value: &serde_json::Value) -> Result<Box<dyn crate::Connector>, Vec<crate::ConfigProblem>> {
    Err(vec![crate::ConfigProblem { key: "connector".into(), message: "is not there yet".into() }])
}
