//! Source records, golden fields, identifiers: where a customer's data come from.

use crate::asked::{asked, shown};
use crate::connection::{Page, connection, cursor, place};
use crate::enums::IdentifierKind;
use crate::loaders::{PayloadOf, Total, VersionsOf};
use crate::scalars::{DateTime, Json, int};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::Area;
use store::read::{GoldenValue, IdentifierRow, RecordRef, RecordVersion, Slice, StoredRecord};

/// A source record, named.
#[derive(Clone, SimpleObject)]
pub(crate) struct RecordReference {
    /// The record's id; `node` gives the record.
    id: ID,
    /// The configured source it came from.
    source: String,
    /// The stream within the source.
    stream: String,
    /// The source's own id of it.
    external_id: String,
}

impl From<&RecordRef> for RecordReference {
    fn from(record: &RecordRef) -> Self {
        Self {
            id: ID(record.id.to_string()),
            source: record.key.source.clone(),
            stream: record.key.stream.clone(),
            external_id: record.key.external_id.clone(),
        }
    }
}

/// One record as a source keeps it.
pub(crate) struct SourceRecord(pub StoredRecord);

impl SourceRecord {
    /// The id, as the interface `Node` asks for it.
    pub(crate) async fn node_id(&self, _ctx: &Context<'_>) -> Result<ID> {
        Ok(ID(self.0.record.id.to_string()))
    }
}

/// One record as a source keeps it.
#[Object]
impl SourceRecord {
    /// Globally unique; see `node`.
    async fn id(&self) -> ID {
        ID(self.0.record.id.to_string())
    }

    /// The configured source it came from.
    async fn source(&self) -> &str {
        &self.0.record.key.source
    }

    /// The stream within the source.
    async fn stream(&self) -> &str {
        &self.0.record.key.stream
    }

    /// The source's own id of it.
    async fn external_id(&self) -> &str {
        &self.0.record.key.external_id
    }

    /// When the source says that it was created or happened.
    async fn occurred_at(&self) -> Option<DateTime> {
        self.0.occurred.map(DateTime)
    }

    /// When this gateway first saw it.
    async fn first_observed_at(&self) -> DateTime {
        DateTime(self.0.first_observed)
    }

    /// When this gateway saw its present version.
    async fn observed_at(&self) -> DateTime {
        DateTime(self.0.observed)
    }

    /// When the source deleted it.
    async fn deleted_at(&self) -> Option<DateTime> {
        self.0.deleted.map(DateTime)
    }

    /// How many versions were seen, the present one included.
    async fn revision(&self) -> i32 {
        int(self.0.revision)
    }

    /// The record into which the source merged it.
    async fn merged_into(&self) -> Option<ID> {
        self.0.merged_into.map(|id| ID(id.to_string()))
    }

    /// The record as received. Needs the area `payloads`.
    async fn payload(&self, ctx: &Context<'_>) -> Option<Result<Json>> {
        shown(async {
            let asked = asked(ctx)?;
            asked.see(Area::Payloads)?;
            let rows = asked.loaders.payload.load(self.0.record.id.0, PayloadOf {}).await?;
            Ok(rows.first().map(|payload| Json::read(payload.expose())))
        })
        .await
    }

    /// Its versions, the latest first. Needs the area `payloads`.
    async fn versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<RecordVersionConnection>> {
        shown(async {
            let asked = asked(ctx)?;
            asked.see(Area::Payloads)?;
            let first = asked.size("first", first)?;
            let after = after.map(|text| place("after", "versions", &text)).transpose()?;
            let of = VersionsOf { slice: Slice { limit: first + 1, after } };
            let rows = asked.loaders.versions.load(self.0.record.id.0, of).await?;
            let rows = rows.iter().map(|v| (cursor("versions", &v.revision), v.into()));
            Ok(Some(Page::forward(rows, first, after.is_some()).into()))
        })
        .await
    }
}

/// One version of a source record.
#[derive(SimpleObject)]
pub(crate) struct SourceRecordVersion {
    /// Counted from 1.
    revision: i32,
    /// When this gateway saw it.
    observed_at: DateTime,
    /// The record as received then.
    payload: Json,
}

impl From<&RecordVersion> for SourceRecordVersion {
    fn from(version: &RecordVersion) -> Self {
        Self {
            revision: int(version.revision),
            observed_at: DateTime(version.observed),
            payload: Json::read(version.payload.expose()),
        }
    }
}

connection!(
    /// Versions of a source record, the latest first.
    RecordVersionConnection, RecordVersionEdge, SourceRecordVersion
);
connection!(
    /// Source records of a customer.
    SourceRecordConnection, SourceRecordEdge, SourceRecord, total
);

/// A field of the golden record with where its value came from.
#[derive(SimpleObject)]
pub(crate) struct GoldenField {
    /// The field's name.
    name: String,
    /// Its value; masked, or null, for roles that do not see contact details in full.
    value: Option<String>,
    /// The record the value was taken from; of an override the record that it goes with.
    record: RecordReference,
    /// What chose it: a survivorship rule of the configuration; `only` if no other record has a
    /// value, `unanimous` if all agree; `override` if a person set it.
    rule: String,
    /// Who set it and why; null if no person did.
    #[graphql(name = "override")]
    set: Option<FieldOverride>,
}

/// A golden field set by hand.
#[derive(SimpleObject)]
pub(crate) struct FieldOverride {
    /// Who set it: the subject of the token.
    by: String,
    /// When.
    at: DateTime,
    /// Why; null for roles that do not see contact details in full.
    reason: Option<String>,
}

impl From<&GoldenValue> for GoldenField {
    fn from(golden: &GoldenValue) -> Self {
        Self {
            name: golden.field.clone(),
            value: golden.value.clone(),
            record: (&golden.record).into(),
            rule: golden.rule.clone(),
            set: golden.set.as_ref().map(|set| FieldOverride {
                by: set.by.clone(),
                at: DateTime(set.at),
                reason: set.reason.clone(),
            }),
        }
    }
}

/// A value by which records were recognised.
#[derive(SimpleObject)]
#[graphql(name = "Identifier")]
pub(crate) struct CustomerIdentifier {
    /// What sort of value.
    kind: IdentifierKind,
    /// The normalised value; masked for roles that do not see contact details in full.
    value: String,
    /// How many of the customer's records carry it.
    record_count: i32,
    /// Whether it is so widely shared that it identifies nobody.
    demoted: bool,
}

impl From<&IdentifierRow> for CustomerIdentifier {
    fn from(row: &IdentifierRow) -> Self {
        Self {
            kind: row.kind.into(),
            value: row.value.clone(),
            record_count: int(row.records),
            demoted: row.demoted,
        }
    }
}

/// A page of a customer's source records.
pub(crate) async fn source_records(
    ctx: &Context<'_>,
    customer: i64,
    first: Option<i32>,
    after: Option<String>,
) -> Result<SourceRecordConnection> {
    let asked = asked(ctx)?;
    let first = asked.size("first", first)?;
    let after: Option<i64> = after.map(|text| place("after", "records", &text)).transpose()?;
    let slice = Slice { limit: first + 1, after: after.map(domain::RecordId) };
    let of = crate::loaders::RecordsOf { slice };
    let rows = asked.loaders.records.load(customer, of).await?;
    let rows = rows.iter().map(|r| (cursor("records", &r.record.id.0), SourceRecord(r.clone())));
    let page = Page::forward(rows, first, after.is_some());
    Ok(SourceRecordConnection::new(page, Total::Records(customer)))
}
