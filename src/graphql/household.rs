//! Ties of a person: the household, and employments with their dates.

use crate::asked::{asked, shown};
use crate::customer::{self, Customer, PostalAddress};
use crate::errors::Refusal;
use crate::loaders::{EmploymentsOf, HouseholdById, HouseholdMembersOf, HouseholdOf, RecordOf};
use crate::records::SourceRecord;
use crate::scalars::{DateTime, Json, int};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::HouseholdId;
use futures_util::future::join_all;
use store::read::{EmploymentRow, HouseholdMemberRow, HouseholdRow};

/// People who live together. Each stays a customer of their own: a household merges nobody.
pub(crate) struct Household(HouseholdRow);

impl Household {
    /// The id, as the interface `Node` asks for it.
    pub(crate) async fn node_id(&self, _ctx: &Context<'_>) -> Result<ID> {
        Ok(ID(self.0.id.to_string()))
    }
}

/// People who live together. Each stays a customer of their own: a household merges nobody.
#[Object]
impl Household {
    /// Globally unique; stays with the household when members come and go.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The family name that most members bear. Every role sees names.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Where they live; null when no part of it is known.
    async fn address(&self) -> Option<PostalAddress> {
        let row = &self.0;
        let parts = [&row.street, &row.city, &row.postal_code, &row.region, &row.country];
        let known = parts.iter().any(|part| part.is_some());
        known.then(|| PostalAddress {
            street: row.street.clone(),
            city: row.city.clone(),
            region: row.region.clone(),
            postal_code: row.postal_code.clone(),
            country: row.country.clone(),
        })
    }

    /// How many members it has.
    async fn size(&self) -> i32 {
        int(self.0.size)
    }

    /// When this gateway first found it.
    async fn founded_at(&self) -> DateTime {
        DateTime(self.0.founded)
    }

    /// Its members, in the order in which they were found. Larger groups than
    /// `identity.household.size_max` are no households, so the list has no pages.
    async fn members(&self, ctx: &Context<'_>) -> Result<Vec<HouseholdMember>> {
        let of = HouseholdMembersOf {};
        let rows = asked(ctx)?.loaders.household_members.load(self.0.id.0, of).await?;
        Ok(rows.iter().map(HouseholdMember::from).collect())
    }
}

/// A person in a household, and what speaks for it.
#[derive(SimpleObject)]
pub(crate) struct HouseholdMember {
    /// The person.
    customer: Customer,
    /// Since when this gateway finds the person in it.
    since: DateTime,
    /// The member that the person fits best.
    with: ID,
    /// Log2 odds that the two live together: the sum of the evidence.
    weight: f64,
    /// What was compared: a list of `{comparison, level, weight}`. It holds no values.
    evidence: Json,
}

impl From<&HouseholdMemberRow> for HouseholdMember {
    fn from(row: &HouseholdMemberRow) -> Self {
        Self {
            customer: row.person.clone().into(),
            since: DateTime(row.since),
            with: ID(row.with.to_string()),
            weight: row.weight,
            evidence: Json::read(&row.evidence),
        }
    }
}

/// For whom a person works or worked.
pub(crate) struct Employment(EmploymentRow);

/// For whom a person works or worked.
#[Object]
impl Employment {
    /// The company; null when no record of it is known, or only its name.
    async fn company(&self, ctx: &Context<'_>) -> Option<Result<Customer>> {
        customer::by_id(ctx, self.0.company).await.transpose()
    }

    /// The company's name as the person's records write it.
    async fn company_name(&self) -> Option<&str> {
        self.0.company_name.as_deref()
    }

    /// Since when: the person's record was created, or changed to this employer.
    async fn from(&self) -> DateTime {
        DateTime(self.0.from)
    }

    /// When the record changed to another employer, or a later record of the same source named
    /// another; null while it lasts.
    async fn to(&self) -> Option<DateTime> {
        self.0.to.map(DateTime)
    }

    /// Whether it lasts.
    async fn current(&self) -> bool {
        self.0.to.is_none()
    }

    /// The records that state it.
    async fn records(&self, ctx: &Context<'_>) -> Result<Vec<SourceRecord>> {
        let loader = &asked(ctx)?.loaders.record;
        let found = join_all(self.0.records.iter().map(|id| loader.load(id.0, RecordOf {}))).await;
        let mut records = Vec::with_capacity(found.len());
        for rows in found {
            records.extend(rows?.first().cloned().map(SourceRecord));
        }
        Ok(records)
    }
}

/// A household's id.
pub(crate) fn household_id(id: &str) -> Result<HouseholdId, Refusal> {
    id.parse().map_err(|_| {
        Refusal::bad_input("not the id of a household: expected h_ and 13 letters or digits")
    })
}

/// A household by id.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &str) -> Result<Option<Household>> {
    let id = household_id(id)?;
    let rows = asked(ctx)?.loaders.household.load(id.0, HouseholdById {}).await?;
    Ok(rows.first().cloned().map(Household))
}

/// The household of a person.
pub(crate) async fn of(ctx: &Context<'_>, person: i64) -> Option<Result<Household>> {
    shown(async {
        let rows = asked(ctx)?.loaders.household_of.load(person, HouseholdOf {}).await?;
        Ok(rows.first().cloned().map(Household))
    })
    .await
}

/// The employments of a person.
pub(crate) async fn employments(ctx: &Context<'_>, person: i64) -> Result<Vec<Employment>> {
    let asked = asked(ctx)?;
    let of = EmploymentsOf { limit: asked.shared.limits.list_max };
    let rows = asked.loaders.employments.load(person, of).await?;
    Ok(rows.iter().cloned().map(Employment).collect())
}
