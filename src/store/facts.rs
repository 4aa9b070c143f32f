//! Loading what is known of profiles: members, the facts that concern them, employers, overrides.
//!
//! Owns which records concern a profile and for which profile each counts, now and as it was known
//! in an earlier epoch; a fixed number of statements whatever the number of profiles. Refuses to
//! derive anything from it.

use crate::derive::{Member, ProfileInput, StoredOverride};
use crate::known::CanonicalTable;
use crate::rows::FromRow;
use crate::sql::{all, map};
use crate::{Store, StoreError};
use domain::{
    Canonical, Company, Contact, Deal, Fact, Invoice, Link, LinkRole, Payment, Pii, ProfileFacts,
    ProfileId, ProfileKind, RecordId, RecordKey, Refund, Stage, StageOverride, Subscription,
    SurveyResponse, Ticket, Timestamp, Touchpoint, UsageEvent,
};
use sea_orm::{EntityTrait, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A link of a fact, with the profile its target belongs to.
pub(crate) struct FactLink {
    pub(crate) role: LinkRole,
    target: RecordKey,
    target_id: i64,
    pub(crate) profile: Option<i64>,
}

/// What is known now, or with `at` what was known in that epoch: rows of the present that hold since
/// then or longer, and rows of the past that held then.
pub(crate) struct Loader<'a> {
    pub(crate) store: &'a Store,
    pub(crate) at: Option<i64>,
}

impl Loader<'_> {
    /// `present` alone, or both parts with the conditions that make them hold in the epoch `$2`;
    /// `dated` is the alias of the row with the epochs in each. Both end in a condition.
    fn held(&self, present: &str, dated: &str, past: &str, past_dated: &str) -> String {
        if self.at.is_none() {
            return present.to_owned();
        }
        format!(
            "{present} AND {dated}.known_from <= $2 UNION ALL {past} \
             AND {past_dated}.known_from <= $2 AND {past_dated}.known_to > $2"
        )
    }

    /// The keys as `$1`, and the epoch as `$2` if there is one.
    fn values(&self, ids: impl IntoIterator<Item = i64>) -> Vec<Value> {
        std::iter::once(self.store.backend.ids(ids)).chain(self.at.map(Value::from)).collect()
    }

    /// When a record (alias `s`) says that it happened.
    fn occurred(&self) -> &'static str {
        match self.at {
            None => "s.occurred_at_ms",
            Some(_) => {
                "CASE WHEN s.known_from <= $2 THEN s.occurred_at_ms ELSE (SELECT p.occurred_at_ms \
                 FROM record_past p WHERE p.record_id = s.id AND p.known_from <= $2 \
                 AND p.known_to > $2 LIMIT 1) END"
            }
        }
    }

    /// The rows of a table of canonical records.
    pub(crate) async fn keyed<E, T>(
        &self,
        ids: &[i64],
        id: impl Fn(&E::Model) -> i64,
    ) -> Result<HashMap<i64, T>, StoreError>
    where
        E: EntityTrait,
        T: FromRow<Row = E::Model>,
    {
        let backend = self.store.backend;
        let table = CanonicalTable::of::<E>();
        let (name, columns) = (table.name, table.list());
        let present = match self.at {
            None => {
                format!("SELECT {columns} FROM {name} t WHERE {}", backend.id_in("t.record_id", 1))
            }
            Some(_) => format!(
                "SELECT {columns} FROM {name} t JOIN source_record s ON s.id = t.record_id WHERE {}",
                backend.id_in("t.record_id", 1)
            ),
        };
        let (columns, from) = table.past(backend);
        let past = format!(
            "SELECT {columns} FROM {from} WHERE p.kind = '{name}' AND {}",
            backend.id_in("p.record_id", 1)
        );
        let sql = self.held(&present, "s", &past, "p");
        let statement = self.store.statement(sql, self.values(ids.iter().copied()));
        let rows = all::<E::Model>(self.store.reader(), statement).await?;
        rows.into_iter().map(|row| Ok((id(&row), T::from_row(row)?))).collect()
    }
}

impl Loader<'_> {
    pub(crate) async fn load(
        &self,
        ids: &[ProfileId],
    ) -> Result<HashMap<ProfileId, (ProfileKind, ProfileInput)>, StoreError> {
        let members = self.members(ids).await?;
        let records: Vec<i64> = members.iter().map(|m| m.1.0).collect();
        let contacts =
            self.keyed::<entity::contact::Entity, Contact>(&records, |m| m.record_id).await?;
        let companies =
            self.keyed::<entity::company::Entity, Company>(&records, |m| m.record_id).await?;
        // Golden fields and employers are not asked for as of an earlier epoch.
        let mut field_overrides = match self.at {
            None => self.field_overrides(&records).await?,
            Some(_) => HashMap::new(),
        };
        let mut inputs: HashMap<ProfileId, (ProfileKind, ProfileInput)> = HashMap::new();
        let mut profile_of: HashMap<(i64, LinkRole), ProfileId> = HashMap::new();
        for (profile, record, kind, source, version, occurred_at) in members {
            let role = match kind {
                ProfileKind::Person => LinkRole::Contact,
                ProfileKind::Company => LinkRole::Company,
            };
            profile_of.insert((record.0, role), profile);
            let entry = inputs.entry(profile).or_insert_with(|| {
                let facts = ProfileFacts {
                    profile,
                    kind,
                    sources: BTreeSet::new(),
                    facts: Vec::new(),
                    overrides: Vec::new(),
                };
                (kind, ProfileInput { members: Vec::new(), facts, companies: Vec::new() })
            });
            let contact =
                (kind == ProfileKind::Person).then(|| contacts.get(&record.0).cloned()).flatten();
            let company =
                (kind == ProfileKind::Company).then(|| companies.get(&record.0).cloned()).flatten();
            let body = contact
                .clone()
                .map(Canonical::Contact)
                .or_else(|| company.clone().map(Canonical::Company));
            if let Some(body) = body {
                entry.1.facts.facts.push(Fact { record, occurred_at, owned: true, body });
            }
            if !entry.1.facts.sources.contains(&source) {
                entry.1.facts.sources.insert(source.clone());
            }
            let overrides = field_overrides.remove(&(record.0, kind)).unwrap_or_default();
            entry.1.members.push(Member { record, source, version, contact, company, overrides });
        }
        self.facts(&records, &profile_of, &mut inputs).await?;
        if self.at.is_none() {
            self.employers(&profile_of, &mut inputs).await?;
        }
        self.overrides(&records, &profile_of, &mut inputs).await?;
        Ok(inputs)
    }

    #[allow(clippy::type_complexity)] // one row, read once
    pub(crate) async fn members(
        &self,
        ids: &[ProfileId],
    ) -> Result<Vec<(ProfileId, RecordId, ProfileKind, String, i64, Option<Timestamp>)>, StoreError>
    {
        let of = |table: &str| {
            format!(
                "SELECT m.profile_id, m.record_id, m.kind, s.source, s.version, \
                 {} AS occurred_at_ms FROM {table} m JOIN source_record s ON s.id = m.record_id \
                 WHERE {}",
                self.occurred(),
                self.store.backend.id_in("m.profile_id", 1)
            )
        };
        let held = self.held(&of("profile_member"), "m", &of("profile_member_past"), "m");
        let sql = format!("{held} ORDER BY 1, 2");
        let values = self.values(ids.iter().map(|id| id.0));
        map(self.store.reader(), self.store.statement(sql, values), |r| {
            let kind: String = r.try_get("", "kind")?;
            let kind = match ProfileKind::parse(&kind) {
                Some(kind) => kind,
                None => return Err(sea_orm::DbErr::Type("profile_member.kind".into())),
            };
            Ok((
                ProfileId(r.try_get("", "profile_id")?),
                RecordId(r.try_get("", "record_id")?),
                kind,
                r.try_get("", "source")?,
                r.try_get("", "version")?,
                r.try_get::<Option<i64>>("", "occurred_at_ms")?.map(Timestamp::from_millis),
            ))
        })
        .await
    }

    /// The records that point at the members, and the refunds of payments among them.
    async fn facts(
        &self,
        members: &[i64],
        profile_of: &HashMap<(i64, LinkRole), ProfileId>,
        inputs: &mut HashMap<ProfileId, (ProfileKind, ProfileInput)>,
    ) -> Result<(), StoreError> {
        let direct = self.pointing_at(members).await?;
        let ids: BTreeSet<i64> = direct.iter().map(|(record, ..)| *record).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let refunds: Vec<(i64, i64)> = self
            .pointing_at(&ids)
            .await?
            .into_iter()
            .filter(|(_, role, _)| *role == LinkRole::Payment)
            .map(|(record, _, target)| (record, target))
            .collect();
        // Which profiles of this batch each fact concerns.
        let mut concerns: BTreeMap<i64, BTreeSet<ProfileId>> = BTreeMap::new();
        for (record, role, target) in &direct {
            if let Some(profile) = profile_of.get(&(*target, *role)) {
                concerns.entry(*record).or_default().insert(*profile);
            }
        }
        for (refund, payment) in &refunds {
            let of_payment = concerns.get(payment).cloned().unwrap_or_default();
            concerns.entry(*refund).or_default().extend(of_payment);
        }
        let facts: Vec<i64> = concerns.keys().copied().collect();
        let links = self.links(&facts).await?;
        let owners = self.owners(&facts, &links).await?;
        for (record, mut body, occurred_at) in self.bodies(&facts).await? {
            let owner = owners.get(&record).copied();
            if let Some(of) = links.get(&record) {
                set_links(&mut body, of);
            }
            for profile in concerns.get(&record).into_iter().flatten() {
                if let Some((_, input)) = inputs.get_mut(profile) {
                    input.facts.facts.push(Fact {
                        record: RecordId(record),
                        occurred_at,
                        owned: owner == Some(profile.0),
                        body: body.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    /// For which profile each record counts: see [`owner_of`]. A refund that names nobody counts where
    /// its payment does.
    pub(crate) async fn owners(
        &self,
        records: &[i64],
        links: &HashMap<i64, Vec<FactLink>>,
    ) -> Result<HashMap<i64, i64>, StoreError> {
        // A refund may be among the records while its payment is not: that payment's links decide.
        let payments: Vec<i64> = links
            .values()
            .flatten()
            .filter(|l| l.role == LinkRole::Payment && !links.contains_key(&l.target_id))
            .map(|l| l.target_id)
            .collect();
        let payment_links = self.links(&payments).await?;
        let owner = |record: &i64| -> Option<(i64, i64)> {
            let own = links.get(record).map_or(&[][..], Vec::as_slice);
            let owner = owner_of(own).or_else(|| {
                let payment = own.iter().find(|l| l.role == LinkRole::Payment)?;
                let of = links
                    .get(&payment.target_id)
                    .or_else(|| payment_links.get(&payment.target_id))?;
                owner_of(of)
            });
            Some((*record, owner?))
        };
        Ok(records.iter().filter_map(owner).collect())
    }

    /// Links whose target is among `targets`: (record, role, target).
    async fn pointing_at(&self, targets: &[i64]) -> Result<Vec<(i64, LinkRole, i64)>, StoreError> {
        let of = |table: &str| {
            format!(
                "SELECT l.record_id, l.role, l.target_id FROM {table} l WHERE {}",
                self.store.backend.id_in("l.target_id", 1)
            )
        };
        let sql = self.held(&of("record_link"), "l", &of("record_link_past"), "l");
        let values = self.values(targets.iter().copied());
        let rows = map(self.store.reader(), self.store.statement(sql, values), |r| {
            let role: String = r.try_get("", "role")?;
            Ok((
                r.try_get::<i64>("", "record_id")?,
                LinkRole::parse(&role),
                r.try_get::<i64>("", "target_id")?,
            ))
        })
        .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(record, role, target)| Some((record, role?, target)))
            .collect())
    }

    /// The links of facts, with their targets' keys and profiles.
    pub(crate) async fn links(
        &self,
        records: &[i64],
    ) -> Result<HashMap<i64, Vec<FactLink>>, StoreError> {
        if records.is_empty() {
            return Ok(HashMap::new());
        }
        let member = |table: &str, alias: &str| {
            format!(
                "LEFT JOIN {table} {alias} ON {alias}.record_id = l.target_id AND {alias}.kind = \
                 CASE l.role WHEN 'contact' THEN 'person' WHEN 'company' THEN 'company' END"
            )
        };
        let (profile, members) = match self.at {
            None => ("m.profile_id", member("profile_member", "m")),
            // A record is in one profile at a time: one of the two has it, or none.
            Some(_) => (
                "COALESCE(m.profile_id, q.profile_id)",
                format!(
                    "{} AND m.known_from <= $2 {} AND q.known_from <= $2 AND q.known_to > $2",
                    member("profile_member", "m"),
                    member("profile_member_past", "q")
                ),
            ),
        };
        let of = |table: &str| {
            format!(
                "SELECT l.record_id, l.role, l.target_id, s.source, s.stream, s.external_id, \
                 {profile} AS profile_id FROM {table} l JOIN source_record s ON s.id = l.target_id \
                 {members} WHERE {}",
                self.store.backend.id_in("l.record_id", 1)
            )
        };
        let held = self.held(&of("record_link"), "l", &of("record_link_past"), "l");
        let sql = format!("{held} ORDER BY 1, 2, 3");
        let values = self.values(records.iter().copied());
        let rows = map(self.store.reader(), self.store.statement(sql, values), |r| {
            let role: String = r.try_get("", "role")?;
            let target = RecordKey::new(
                r.try_get::<String>("", "source")?,
                r.try_get::<String>("", "stream")?,
                r.try_get::<String>("", "external_id")?,
            );
            Ok((
                r.try_get::<i64>("", "record_id")?,
                LinkRole::parse(&role),
                target,
                r.try_get::<i64>("", "target_id")?,
                r.try_get::<Option<i64>>("", "profile_id")?,
            ))
        })
        .await?;
        let mut links: HashMap<i64, Vec<FactLink>> = HashMap::new();
        for (record, role, target, target_id, profile) in rows {
            if let Some(role) = role {
                links.entry(record).or_default().push(FactLink {
                    role,
                    target,
                    target_id,
                    profile,
                });
            }
        }
        Ok(links)
    }

    /// What records other than people, companies and expenses say, and when it happened.
    pub(crate) async fn bodies(
        &self,
        ids: &[i64],
    ) -> Result<Vec<(i64, Canonical, Option<Timestamp>)>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT s.id, {} AS occurred_at_ms FROM source_record s WHERE {}",
            self.occurred(),
            self.store.backend.id_in("s.id", 1)
        );
        let statement = self.store.statement(sql, self.values(ids.iter().copied()));
        let times: HashMap<i64, Option<i64>> = map(self.store.reader(), statement, |r| {
            Ok((r.try_get("", "id")?, r.try_get("", "occurred_at_ms")?))
        })
        .await?
        .into_iter()
        .collect();
        let mut bodies: Vec<(i64, Canonical)> = Vec::new();
        macro_rules! table {
            ($($module:ident => $kind:ident,)*) => {$(
                let rows =
                    self.keyed::<entity::$module::Entity, $kind>(ids, |m| m.record_id).await?;
                bodies.extend(rows.into_iter().map(|(id, row)| (id, Canonical::$kind(row))));
            )*};
        }
        table! {
            deal => Deal,
            ticket => Ticket,
            subscription => Subscription,
            invoice => Invoice,
            payment => Payment,
            refund => Refund,
            touchpoint => Touchpoint,
            survey_response => SurveyResponse,
            usage_event => UsageEvent,
        }
        bodies.sort_by_key(|(id, body)| (*id, body.kind()));
        Ok(bodies
            .into_iter()
            .map(|(id, body)| {
                let at = happened_at(&body)
                    .or_else(|| times.get(&id).copied().flatten().map(Timestamp::from_millis));
                (id, body, at)
            })
            .collect())
    }

    /// The companies that people belong to: those that their records name, and those that are the
    /// same record (a billing customer that is both).
    async fn employers(
        &self,
        profile_of: &HashMap<(i64, LinkRole), ProfileId>,
        inputs: &mut HashMap<ProfileId, (ProfileKind, ProfileInput)>,
    ) -> Result<(), StoreError> {
        let people: Vec<i64> = profile_of
            .keys()
            .filter(|(_, role)| *role == LinkRole::Contact)
            .map(|(record, _)| *record)
            .collect();
        let sql = format!(
            "SELECT l.record_id, m.profile_id FROM record_link l JOIN profile_member m \
             ON m.record_id = l.target_id AND m.kind = 'company' WHERE l.role = 'company' AND {} \
             UNION SELECT record_id, profile_id FROM profile_member WHERE kind = 'company' AND {}",
            self.store.backend.id_in("l.record_id", 1),
            self.store.backend.id_in("record_id", 1)
        );
        let keys = self.store.backend.ids(people);
        let rows = map(self.store.reader(), self.store.statement(sql, vec![keys]), |r| {
            Ok((r.try_get::<i64>("", "record_id")?, ProfileId(r.try_get("", "profile_id")?)))
        })
        .await?;
        let mut since: BTreeMap<(ProfileId, ProfileId), Option<Timestamp>> = BTreeMap::new();
        for (record, company) in rows {
            let Some(person) = profile_of.get(&(record, LinkRole::Contact)) else { continue };
            let known = inputs.get(person).and_then(|(_, input)| {
                let member = input.members.iter().find(|m| m.record.0 == record)?;
                member.contact.as_ref()?.created_at
            });
            let slot = since.entry((*person, company)).or_insert(known);
            *slot = match (*slot, known) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        for ((person, company), at) in since {
            if let Some((_, input)) = inputs.get_mut(&person) {
                input.companies.push((company, at));
            }
        }
        Ok(())
    }

    /// Golden fields set by hand that go with the given members. Those of a record that the vendor
    /// merged away go on with the record that it was merged into.
    pub(crate) async fn field_overrides(
        &self,
        members: &[i64],
    ) -> Result<HashMap<(i64, ProfileKind), Vec<StoredOverride>>, StoreError> {
        let columns = "o.record_id, o.kind, o.field, o.value, o.set_at_ms";
        let id_in = |column: &str| self.store.backend.id_in(column, 1);
        let sql = format!(
            "SELECT o.record_id AS member, {columns} FROM field_override o WHERE {} \
             UNION ALL SELECT s.merged_into_id AS member, {columns} FROM field_override o \
             JOIN source_record s ON s.id = o.record_id WHERE {}",
            id_in("o.record_id"),
            id_in("s.merged_into_id"),
        );
        let keys = self.store.backend.ids(members.iter().copied());
        let rows = map(self.store.reader(), self.store.statement(sql, vec![keys]), |r| {
            let kind: String = r.try_get("", "kind")?;
            let set = StoredOverride {
                field: r.try_get("", "field")?,
                value: Pii::new(r.try_get::<String>("", "value")?),
                record: RecordId(r.try_get("", "record_id")?),
                at: Timestamp::from_millis(r.try_get("", "set_at_ms")?),
            };
            Ok((r.try_get::<i64>("", "member")?, ProfileKind::parse(&kind), set))
        })
        .await?;
        let mut of: HashMap<(i64, ProfileKind), Vec<StoredOverride>> = HashMap::new();
        for (member, kind, set) in rows {
            let kind = kind.ok_or(StoreError::Corrupt { what: "field_override.kind" })?;
            of.entry((member, kind)).or_default().push(set);
        }
        Ok(of)
    }

    async fn overrides(
        &self,
        members: &[i64],
        profile_of: &HashMap<(i64, LinkRole), ProfileId>,
        inputs: &mut HashMap<ProfileId, (ProfileKind, ProfileInput)>,
    ) -> Result<(), StoreError> {
        // Nothing is taken from this table, so it has no past.
        let known = self.at.map_or("", |_| "AND known_from <= $2 ");
        let sql = format!(
            "SELECT record_id, kind, stage, reason, from_ms, until_ms FROM stage_override \
             WHERE {} {known}ORDER BY id",
            self.store.backend.id_in("record_id", 1)
        );
        let values = self.values(members.iter().copied());
        let rows = map(self.store.reader(), self.store.statement(sql, values), |r| {
            let stage: Option<String> = r.try_get("", "stage")?;
            let set = StageOverride {
                stage: stage.as_deref().and_then(Stage::parse),
                reason: r.try_get("", "reason")?,
                from: Timestamp::from_millis(r.try_get("", "from_ms")?),
                until: r.try_get::<Option<i64>>("", "until_ms")?.map(Timestamp::from_millis),
            };
            Ok((r.try_get::<i64>("", "record_id")?, r.try_get::<String>("", "kind")?, set))
        })
        .await?;
        for (record, kind, set) in rows {
            let role = if kind == "company" { LinkRole::Company } else { LinkRole::Contact };
            if let Some((_, input)) =
                profile_of.get(&(record, role)).and_then(|profile| inputs.get_mut(profile))
            {
                input.facts.overrides.push(set);
            }
        }
        Ok(())
    }
}

/// For whom a fact counts in sums over profiles: the company it concerns, else the person; the
/// first by record id where it names several.
pub(crate) fn owner_of(links: &[FactLink]) -> Option<i64> {
    let first = |role: LinkRole| {
        links
            .iter()
            .filter(|l| l.role == role)
            .filter_map(|l| l.profile.map(|profile| (l.target_id, profile)))
            .min()
            .map(|(_, profile)| profile)
    };
    first(LinkRole::Company).or_else(|| first(LinkRole::Contact))
}

pub(crate) fn set_links(body: &mut Canonical, links: &[FactLink]) {
    let links = || links.iter().map(|l| Link { role: l.role, target: l.target.clone() }).collect();
    match body {
        Canonical::Contact(c) => c.links = links(),
        Canonical::Company(_) | Canonical::Spend(_) | Canonical::ExchangeRate(_) => {}
        Canonical::Deal(d) => d.links = links(),
        Canonical::Ticket(t) => t.links = links(),
        Canonical::Subscription(s) => s.links = links(),
        Canonical::Invoice(i) => i.links = links(),
        Canonical::Payment(p) => p.links = links(),
        Canonical::Refund(r) => r.links = links(),
        Canonical::Touchpoint(t) => t.links = links(),
        Canonical::SurveyResponse(s) => s.links = links(),
        Canonical::UsageEvent(u) => u.links = links(),
    }
}

/// When a fact happened, by its own most telling date.
fn happened_at(body: &Canonical) -> Option<Timestamp> {
    match body {
        Canonical::Contact(c) => c.created_at,
        Canonical::Company(c) => c.created_at,
        Canonical::Deal(d) => d.created_at.or(d.closed_at),
        Canonical::Ticket(t) => t.created_at,
        Canonical::Subscription(s) => s.started_at,
        Canonical::Invoice(i) => i.issued_at.or(i.paid_at),
        Canonical::Payment(p) => p.paid_at,
        Canonical::Refund(r) => r.refunded_at,
        Canonical::Spend(s) => Some(s.day.start_utc()),
        Canonical::Touchpoint(t) => t.touched_at,
        Canonical::SurveyResponse(s) => s.responded_at,
        Canonical::UsageEvent(u) => u.used_at,
        Canonical::ExchangeRate(e) => Some(e.day.start_utc()),
    }
}
