//! A request and an answer, free of any HTTP library, so that a vendor is a plain function.

use crate::text::query_pairs;

/// A vendor of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Vendor {
    /// The CRM.
    Hubspot,
    /// The service desk.
    Zendesk,
    /// The billing system.
    Stripe,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hubspot, Self::Zendesk, Self::Stripe];

    /// The lower-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hubspot => "hubspot",
            Self::Zendesk => "zendesk",
            Self::Stripe => "stripe",
        }
    }
}

/// What a vendor is asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) body: Vec<u8>,
    /// Where the vendor can be reached, for the links in its answers.
    pub(crate) base_url: String,
    /// Counts the vendor's requests; makes the ids of answers.
    pub(crate) number: u64,
}

impl Request {
    /// The query's pairs, decoded.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        query_pairs(&self.query)
    }

    /// The path without its leading slash, in parts.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }
}

/// What a vendor answers.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Reply {
    /// JSON that is ready.
    pub(crate) fn json(status: u16, body: String) -> Self {
        Self { status, content_type: "application/json;charset=utf-8", headers: Vec::new(), body }
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
