//! What resolution reads and writes: dirty records, block keys, what was learnt, candidates,
//! decisions, clusters, redirects.
//!
//! Owns the shapes that travel between resolution and the tables, and the search for everything that
//! a changed record could touch. Refuses to decide what belongs together: `identity` does.

mod blocks;
mod commit;
mod dirty;
mod load;
mod model;
mod search;

pub use blocks::RecordBlocks;
pub use dirty::DirtyRecord;
pub use model::{ModelHead, NewModel};
pub use search::{BLOCK_MAX, Candidates, IdentitySnapshot, KeptEntry, KeptKeys, StoredAround};

use domain::{Company, Contact, Identifier, ProfileId, ProfileKind, RecordId, RecordKey};

/// A record with what resolution needs of it.
#[derive(Clone, Debug)]
pub struct IdentityInput {
    /// The record.
    pub id: RecordId,
    /// Its key.
    pub key: RecordKey,
    /// Its version, for survivorship.
    pub version: i64,
    /// As a contact, or as a company.
    pub body: IdentityBody,
    /// Vendor ids that it carries: its own, and those it refers to.
    pub stated: Vec<Identifier>,
    /// Names of the companies that a contact is linked to, in the order of their record ids.
    pub employers: Vec<String>,
}

/// A contact or a company.
#[derive(Clone, Debug)]
pub enum IdentityBody {
    /// A person.
    Contact(Box<Contact>),
    /// An organisation.
    Company(Box<Company>),
}

/// How a join is stored.
#[derive(Clone, Debug)]
pub struct StoredJoin {
    /// The profile it holds together.
    pub profile: ProfileId,
    /// One record.
    pub left: RecordId,
    /// The other.
    pub right: RecordId,
    /// Rule id.
    pub rule_id: String,
    /// Match weight, log2 odds.
    pub weight: f64,
    /// Evidence as JSON.
    pub evidence: String,
}

/// How a pair to review is stored.
#[derive(Clone, Debug)]
pub struct StoredReview {
    /// Smaller record id.
    pub left: RecordId,
    /// Larger record id.
    pub right: RecordId,
    /// Match probability, 0 to 1.
    pub score: f64,
    /// How much a decision would change; orders the queue, larger first.
    pub priority: f64,
    /// Reason id.
    pub reason: String,
    /// Evidence as JSON.
    pub evidence: String,
}

/// Something that happened to a profile id.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    /// `created`, `merged`, `split`, `moved`.
    pub action: &'static str,
    /// The profile concerned.
    pub profile: ProfileId,
    /// The other profile.
    pub other: Option<ProfileId>,
    /// The record concerned.
    pub record: Option<RecordId>,
}

/// A resolution to commit. It replaces all that was known of the records in `scope`.
#[derive(Clone, Debug, Default)]
pub struct ResolutionCommit {
    /// Every record that was looked at, also those that are gone.
    pub scope: Vec<RecordId>,
    /// Membership of those that live.
    pub members: Vec<(RecordId, ProfileId)>,
    /// Records whose membership or content changed; decides what is derived again.
    pub changed: Vec<RecordId>,
    /// Profiles that records left: they are derived again too.
    pub left: Vec<ProfileId>,
    /// Profiles whose explanation changed: their stored joins are replaced by `joins`.
    pub explained: Vec<ProfileId>,
    /// Joins of the profiles in `explained`.
    pub joins: Vec<StoredJoin>,
    /// Pairs to review among the records in `scope`.
    pub reviews: Vec<StoredReview>,
    /// Redirects (from, to).
    pub redirects: Vec<(ProfileId, ProfileId)>,
    /// Ids that live again.
    pub revived: Vec<ProfileId>,
    /// History.
    pub events: Vec<StoredEvent>,
    /// What is kept of the changed records.
    pub blocks: Vec<RecordBlocks>,
    /// Links of records that did not change themselves.
    pub links: Vec<(RecordId, Vec<RecordId>)>,
    /// Companies that appeared, went or changed their name: their people are marked.
    pub renamed: Vec<RecordId>,
    /// Marks to take off: those that were read, unless set again meanwhile.
    pub settled: Vec<(RecordId, i64)>,
    /// Everything of the kind was resolved by the stored model.
    pub whole: bool,
}

/// The id of the review of a pair.
#[must_use]
pub fn review_id(kind: ProfileKind, left: RecordId, right: RecordId) -> i64 {
    RecordKey::new(kind.as_str(), left.min(right).to_string(), left.max(right).to_string()).id().0
}

const fn table_of(kind: ProfileKind) -> &'static str {
    match kind {
        ProfileKind::Person => "contact",
        ProfileKind::Company => "company",
    }
}

const fn block_table_of(kind: ProfileKind) -> &'static str {
    match kind {
        ProfileKind::Person => "person_block_key",
        ProfileKind::Company => "company_block_key",
    }
}
