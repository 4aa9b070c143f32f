//! How much one request may ask for.

use serde::{Deserialize, Serialize};

/// Limits of a request; each refusal names the limit and the way out. The time limit is set where
/// requests are received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Length of a document in bytes.
    pub document_bytes_max: usize,
    /// Tokens (names, values, signs) in a document.
    pub tokens_max: usize,
    /// Brackets within brackets in a document, counted before it is parsed.
    pub nesting_max: usize,
    /// Fields after all fragments are written out, over all operations of the document.
    pub fields_max: u64,
    /// Levels of fields.
    pub depth_max: u64,
    /// Levels of fields under `__schema` and `__type`.
    pub introspection_depth_max: u64,
    /// Aliases after all fragments are written out.
    pub aliases_max: u64,
    /// Fields of `Query` or `Mutation`.
    pub root_fields_max: u64,
    /// Directives after all fragments are written out.
    pub directives_max: u64,
    /// Cost: fields times the page sizes of the lists they stand in.
    pub cost_max: u64,
    /// Cost of introspection, by its own measure.
    pub introspection_cost_max: u64,
    /// Page size when a list does not say one.
    pub page_default: u32,
    /// Largest page.
    pub page_max: u32,
    /// Entries of lists that are not paged (identifiers, joins).
    pub list_max: u32,
    /// Subscriptions that movements of recurring revenue are made of in one answer.
    pub movements_max: u32,
    /// Records that a number of the whole company is made of in one answer.
    pub facts_max: u32,
    /// Customers whose lives a funnel follows in one answer.
    pub funnel_max: u32,
    /// Customers and expenses whose facts a rollup as of a moment is made of in one answer.
    pub as_of_max: u32,
    /// Conditions in one filter.
    pub filter_max: usize,
    /// Errors in one answer; the rest is counted.
    pub errors_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes_max: 32_768,
            tokens_max: 4_000,
            nesting_max: 40,
            fields_max: 2_000,
            depth_max: 15,
            introspection_depth_max: 30,
            aliases_max: 100,
            root_fields_max: 20,
            directives_max: 50,
            cost_max: 150_000,
            introspection_cost_max: 2_000_000,
            page_default: 20,
            page_max: 500,
            list_max: 200,
            movements_max: 200_000,
            facts_max: 500_000,
            funnel_max: 20_000,
            as_of_max: 50_000,
            filter_max: 100,
            errors_max: 50,
        }
    }
}
