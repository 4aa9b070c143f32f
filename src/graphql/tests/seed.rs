//! Rows for the tests, written through the entities.

use super::World;
use domain::{ProfileId, RecordId, RecordKey};
use entity::{
    company, contact, deal, explanation, field_override, identifier, identity_event, invoice,
    payment, profile, profile_fact, profile_field, profile_link, profile_member, profile_numbers,
    profile_redirect, quarantine, refund, review, rollup_cell, source_record,
    source_record_version, stage_transition, subscription, survey_response, sync_state, ticket,
    touchpoint, usage_event,
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

/// 2026-01-01 in milliseconds.
pub(crate) const DAY_ZERO: i64 = 1_767_225_600_000;
const DAY: i64 = 86_400_000;

/// The id of a customer as clients see it.
pub(crate) fn customer(id: i64) -> String {
    ProfileId(id).to_string()
}

/// The record of a person.
pub(crate) fn contact_record(id: i64) -> RecordId {
    RecordKey::new("hubspot", "contacts", id.to_string()).id()
}

impl World {
    pub(crate) async fn put<E, M>(&self, rows: Vec<M>)
    where
        E: EntityTrait<Model = M>,
        M: IntoActiveModel<E::ActiveModel>,
        E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
    {
        for chunk in rows.into_iter().map(M::into_active_model).collect::<Vec<_>>().chunks(200) {
            E::insert_many(chunk.to_vec()).exec_without_returning(&self.db).await.unwrap();
        }
    }

    async fn record(&self, stream: &str, external: &str, at: i64) -> i64 {
        let key = RecordKey::new("hubspot", stream, external);
        let row = source_record::Model {
            id: key.id().0,
            source: key.source,
            stream: key.stream,
            external_id: key.external_id,
            version: 1,
            occurred_at_ms: Some(at),
            hash: 0,
            payload: r#"{"secret":"payload"}"#.to_owned(),
            revision: 2,
            first_observed_at_ms: at,
            observed_at_ms: at,
            deleted_at_ms: None,
            merged_into_id: None,
            known_from: 0,
        };
        let id = row.id;
        self.put::<source_record::Entity, _>(vec![row]).await;
        id
    }

    /// A profile with what every profile has.
    pub(crate) async fn profile(&self, row: profile::Model) {
        self.put::<profile::Entity, _>(vec![row]).await;
    }

    /// A person with a contact, golden fields, identifiers, a company and `facts` of each kind.
    pub(crate) async fn person(&self, id: i64, facts: i64) {
        let email = format!("ann.{id}@nordwind.io");
        let phone = format!("+4930901820{:02}", id % 100);
        let record = self.record("contacts", &id.to_string(), DAY_ZERO).await;
        self.profile(person(id, &email, &phone)).await;
        self.put::<contact::Entity, _>(vec![contact::Model {
            record_id: record,
            full_name: Some(format!("Ann {id}")),
            given_name: None,
            family_name: None,
            emails: "[]".to_owned(),
            phones: "[]".to_owned(),
            job_title: None,
            company_name: None,
            street: None,
            city: None,
            region: None,
            postal_code: None,
            country: None,
            vendor_stage: None,
            vendor_stays: None,
            acquisition_channel: None,
            created_at_ms: None,
        }])
        .await;
        self.member(id, record, "person").await;
        let field = |name: &str, value: &str| profile_field::Model {
            profile_id: id,
            field: name.to_owned(),
            value: value.to_owned(),
            record_id: record,
            rule: "only".to_owned(),
        };
        self.put::<profile_field::Entity, _>(vec![
            field("given_name", "Ann"),
            field("email", &email),
            field("street", "Hauptstr. 1"),
            field("region", "Berlin"),
        ])
        .await;
        let identified = |kind: &str, value: &str| identifier::Model {
            record_id: record,
            entity: "person".to_owned(),
            kind: kind.to_owned(),
            value: value.to_owned(),
        };
        self.put::<identifier::Entity, _>(vec![
            identified("email", &email),
            identified("phone", &phone),
        ])
        .await;
        self.put::<source_record_version::Entity, _>(
            (1..=2)
                .map(|revision| source_record_version::Model {
                    record_id: record,
                    revision,
                    version: revision,
                    hash: 0,
                    payload: format!("{{\"revision\":{revision}}}"),
                    observed_at_ms: DAY_ZERO,
                })
                .collect(),
        )
        .await;
        self.history(id, record).await;
        self.facts(id, facts).await;
    }

    /// A golden field of a person as it is once somebody has set it.
    pub(crate) async fn set_by_hand(&self, id: i64, field: &str, value: &str) {
        let record_id = contact_record(id).0;
        self.put::<field_override::Entity, _>(vec![field_override::Model {
            record_id,
            kind: "person".to_owned(),
            field: field.to_owned(),
            value: value.to_owned(),
            reason: "she moved".to_owned(),
            set_by: "sam".to_owned(),
            set_at_ms: DAY_ZERO,
        }])
        .await;
        let row = profile_field::Model {
            profile_id: id,
            field: field.to_owned(),
            value: value.to_owned(),
            record_id,
            rule: "override".to_owned(),
        };
        profile_field::Entity::delete_by_id((id, field.to_owned())).exec(&self.db).await.unwrap();
        self.put::<profile_field::Entity, _>(vec![row]).await;
    }

    pub(crate) async fn member(&self, profile_id: i64, record_id: i64, kind: &str) {
        let kind = kind.to_owned();
        let row = profile_member::Model { record_id, kind, profile_id, known_from: 0 };
        self.put::<profile_member::Entity, _>(vec![row]).await;
    }

    async fn history(&self, id: i64, record: i64) {
        let step = |seq: i64, from: Option<&str>, to: &str| stage_transition::Model {
            profile_id: id,
            seq,
            from_stage: from.map(str::to_owned),
            to_stage: to.to_owned(),
            direction: if seq == 1 { "entry" } else { "forward" }.to_owned(),
            rule_id: "lead.contact".to_owned(),
            reason: "supplied contact data".to_owned(),
            occurred_at_ms: DAY_ZERO + seq * DAY,
            evidence: format!("[{record}]"),
        };
        self.put::<stage_transition::Entity, _>(vec![
            step(1, None, "lead"),
            step(2, Some("lead"), "purchase"),
        ])
        .await;
        self.put::<explanation::Entity, _>(vec![explanation::Model {
            profile_id: id,
            left_id: record,
            right_id: record + 1,
            rule_id: "email".to_owned(),
            weight: 9.5,
            evidence: evidence(id),
        }])
        .await;
        let event = identity_event::ActiveModel {
            id: sea_orm::ActiveValue::NotSet,
            at_ms: sea_orm::Set(DAY_ZERO),
            action: sea_orm::Set("created".to_owned()),
            profile_id: sea_orm::Set(id),
            other_id: sea_orm::Set(None),
            record_id: sea_orm::Set(Some(record)),
        };
        identity_event::Entity::insert_many([event])
            .exec_without_returning(&self.db)
            .await
            .unwrap();
        self.put::<profile_redirect::Entity, _>(vec![profile_redirect::Model {
            from_id: id + 1_000_000,
            to_id: id,
            redirected_at_ms: DAY_ZERO,
        }])
        .await;
        self.put::<profile_numbers::Entity, _>(vec![profile_numbers::Model {
            profile_id: id,
            numbers: numbers(),
            policy: "default@1".to_owned(),
            computed_at_ms: DAY_ZERO,
            known_from: 0,
        }])
        .await;
    }

    /// Facts of every kind, some of them at the same moment.
    pub(crate) async fn facts(&self, id: i64, count: i64) {
        let kinds = [
            "deal",
            "ticket",
            "subscription",
            "invoice",
            "payment",
            "refund",
            "touchpoint",
            "survey_response",
            "usage_event",
        ];
        let mut facts = Vec::new();
        for kind in kinds {
            for n in 0..count {
                let at = DAY_ZERO + (n / 2) * DAY;
                let record = self.record(kind, &format!("{id}-{n}"), at).await;
                self.fact(kind, record, n).await;
                facts.push(profile_fact::Model {
                    profile_id: id,
                    kind: kind.to_owned(),
                    occurred_at_ms: at,
                    record_id: record,
                    owned: true,
                });
            }
        }
        self.put::<profile_fact::Entity, _>(facts).await;
    }

    async fn fact(&self, kind: &str, record_id: i64, n: i64) {
        let eur = || "EUR".to_owned();
        let status = || "succeeded".to_owned();
        match kind {
            "deal" => {
                let row = deal::Model {
                    record_id,
                    name: Some(format!("Deal {n}")),
                    pipeline: None,
                    deal_stage: None,
                    status: "open".to_owned(),
                    amount_minor: Some(12_345),
                    currency: Some(eur()),
                    created_at_ms: None,
                    closed_at_ms: None,
                };
                self.put::<deal::Entity, _>(vec![row]).await;
            }
            "ticket" => {
                let row = ticket::Model {
                    record_id,
                    subject: Some("Help".to_owned()),
                    status: "open".to_owned(),
                    priority: None,
                    channel: None,
                    comment_count: Some(3),
                    created_at_ms: None,
                    solved_at_ms: None,
                    first_replied_at_ms: None,
                };
                self.put::<ticket::Entity, _>(vec![row]).await;
            }
            "subscription" => {
                let row = subscription::Model {
                    record_id,
                    status: "active".to_owned(),
                    currency: eur(),
                    items: r#"[{"product":"pro","amount_minor":4900,"interval":"month","interval_count":1}]"#
                        .to_owned(),
                    started_at_ms: None,
                    trial_end_ms: None,
                    current_period_end_ms: None,
                    canceled_at_ms: None,
                    ended_at_ms: None,
                    cancellation_reason: None,
                };
                self.put::<subscription::Entity, _>(vec![row]).await;
            }
            "invoice" => {
                let row = invoice::Model {
                    record_id,
                    number: None,
                    status: "paid".to_owned(),
                    total_minor: 4900,
                    currency: eur(),
                    tax_minor: None,
                    amount_paid_minor: 4900,
                    issued_at_ms: None,
                    due_at_ms: None,
                    paid_at_ms: None,
                };
                self.put::<invoice::Entity, _>(vec![row]).await;
            }
            "payment" => {
                let row = payment::Model {
                    record_id,
                    status: status(),
                    amount_minor: 4900,
                    currency: eur(),
                    method: None,
                    failure_code: None,
                    paid_at_ms: None,
                };
                self.put::<payment::Entity, _>(vec![row]).await;
            }
            "refund" => {
                let row = refund::Model {
                    record_id,
                    status: status(),
                    amount_minor: 100,
                    currency: eur(),
                    reason: None,
                    refunded_at_ms: None,
                };
                self.put::<refund::Entity, _>(vec![row]).await;
            }
            "touchpoint" => {
                let row = touchpoint::Model {
                    record_id,
                    action: "form".to_owned(),
                    channel: None,
                    campaign: None,
                    touched_at_ms: None,
                };
                self.put::<touchpoint::Entity, _>(vec![row]).await;
            }
            "usage_event" => {
                let row = usage_event::Model {
                    record_id,
                    action: Some("report_opened".to_owned()),
                    quantity: None,
                    used_at_ms: None,
                };
                self.put::<usage_event::Entity, _>(vec![row]).await;
            }
            _ => {
                let row = survey_response::Model {
                    record_id,
                    kind: "csat".to_owned(),
                    score: 5,
                    comment: None,
                    responded_at_ms: None,
                };
                self.put::<survey_response::Entity, _>(vec![row]).await;
            }
        }
    }

    /// A company that the given people belong to.
    pub(crate) async fn company(&self, id: i64, people: &[i64]) {
        let record = self.record("companies", &id.to_string(), DAY_ZERO).await;
        let mut row = person(id, "", "");
        row.kind = "company".to_owned();
        row.display_name = Some(format!("Acme {id}"));
        row.domain = Some("acme.example".to_owned());
        (row.email, row.phone) = (None, None);
        self.profile(row).await;
        self.put::<company::Entity, _>(vec![company::Model {
            record_id: record,
            name: None,
            domains: "[]".to_owned(),
            phones: "[]".to_owned(),
            emails: "[]".to_owned(),
            industry: None,
            employee_count: None,
            street: None,
            city: None,
            region: None,
            postal_code: None,
            country: None,
            vendor_stage: None,
            vendor_stays: None,
            acquisition_channel: None,
            created_at_ms: None,
        }])
        .await;
        self.member(id, record, "company").await;
        let link = |person: &i64| profile_link::Model {
            person_id: *person,
            company_id: id,
            since_ms: DAY_ZERO,
        };
        self.put::<profile_link::Entity, _>(people.iter().map(link).collect()).await;
    }

    /// Reviews, quarantine, sync state and rollup cells.
    pub(crate) async fn operations(&self) {
        let review = |id: i64, score: f64| review::Model {
            id,
            kind: "person".to_owned(),
            left_id: contact_record(1).0,
            right_id: contact_record(2).0,
            score,
            reason: "grey".to_owned(),
            evidence: evidence(1),
            created_at_ms: DAY_ZERO,
            priority: score,
        };
        self.put::<review::Entity, _>(vec![
            review(1, 0.1 + 0.2),
            review(2, 0.9),
            review(3, 0.9),
            review(4, 0.5),
        ])
        .await;
        let held = |id: i64| quarantine::Model {
            id,
            source: "stripe".to_owned(),
            stream: "invoices".to_owned(),
            external_id: None,
            reason: "$.total: expected an integer".to_owned(),
            payload: "{\"total\":\"x\"}".to_owned(),
            first_seen_at_ms: DAY_ZERO,
            last_seen_at_ms: DAY_ZERO + id / 2,
            seen_count: 1,
        };
        self.put::<quarantine::Entity, _>((1..=5).map(held).collect()).await;
        let state = |source: &str, stream: &str| sync_state::Model {
            source: source.to_owned(),
            stream: stream.to_owned(),
            state: "{}".to_owned(),
            status: "idle".to_owned(),
            started_at_ms: Some(DAY_ZERO),
            finished_at_ms: None,
            record_count: 10,
            reject_count: 1,
            request_count: 2,
            last_error: None,
            last_error_code: None,
            lease_owner: None,
            lease_until_ms: 0,
            fence: 0,
        };
        self.put::<sync_state::Entity, _>(vec![
            state("hubspot", "contacts"),
            state("hubspot", "deals"),
            state("stripe", "invoices"),
        ])
        .await;
        let cell = |component: &str, month: i64, channel: &str, value: i64| rollup_cell::Model {
            component: component.to_owned(),
            month,
            channel: channel.to_owned(),
            segment: if component == "spend" { "" } else { "small" }.to_owned(),
            stage: if component == "spend" { "" } else { "purchase" }.to_owned(),
            currency: "EUR".to_owned(),
            value,
            known_from: 0,
        };
        let march = 2026 * 12 + 2;
        self.put::<rollup_cell::Entity, _>(vec![
            cell("new_customers", march, "paid_search", 4),
            cell("new_customers", march + 1, "", 2),
            cell("gross_payments", march, "paid_search", 100_050),
            cell("refunds", march + 1, "paid_search", 50),
            cell("cohort_revenue", march, "paid_search", 100_000),
            cell("cohort_revenue", march + 1, "", 3_000),
            cell("spend", march, "paid_search", 20_000),
        ])
        .await;
    }
}

/// A waterfall as the resolving job stores it: 9.5 in all.
pub(crate) fn evidence(id: i64) -> String {
    format!(
        r#"[{{"comparison":"prior","level":"two random records","weight":-12.25}},
        {{"comparison":"email","level":"exact","weight":21.75,"term_frequency":0.0005,
          "identifier":{{"kind":"email","value":"ann.{id}@nordwind.io"}}}}]"#
    )
}

/// A person's row.
pub(crate) fn person(id: i64, email: &str, phone: &str) -> profile::Model {
    profile::Model {
        id,
        kind: "person".to_owned(),
        display_name: Some(format!("Ann {id}")),
        email: Some(email.to_owned()),
        phone: Some(phone.to_owned()),
        company_name: Some("Acme".to_owned()),
        country: Some("DE".to_owned()),
        domain: None,
        search_text: format!("ann {id} acme {email} {phone}"),
        segment: "small".to_owned(),
        acquisition_channel: Some("paid_search".to_owned()),
        stage: "purchase".to_owned(),
        stage_position: 3,
        stage_since_ms: DAY_ZERO,
        status: "active".to_owned(),
        revenue_minor: Some(100 * (id % 5)),
        mrr_minor: Some(4900),
        revenue_order_minor: Some(100 * (id % 5)),
        mrr_order_minor: Some(4900),
        currency: Some("EUR".to_owned()),
        record_count: 1,
        first_seen_at_ms: DAY_ZERO + id,
        updated_at_ms: DAY_ZERO,
    }
}

/// Numbers as the deriving job stores them.
fn numbers() -> String {
    use domain::{Currency, Money};
    use metrics::{Measured, NullReason, Numbers, Share};
    let eur = Currency::parse("EUR").unwrap();
    let money = |minor| Measured::some(vec![Money::from_minor(minor, eur)]);
    let all = Numbers {
        revenue: money(12_345),
        gross_payments: money(12_445),
        refunded: money(100),
        revenue_clv: money(12_345),
        margin_clv: Measured::none(NullReason::NoMargin),
        mrr: money(4_900),
        first_payment_at: Measured::some(domain::Timestamp::from_millis(DAY_ZERO)),
        last_payment_at: Measured::none(NullReason::NoData),
        payment_count: Measured::some(3),
        failed_payment_count: Measured::some(0),
        ticket_count: Measured::some(2),
        open_ticket_count: Measured::some(1),
        csat: Measured::some(Share { good: 2, total: 3 }),
        nps_latest: Measured::none(NullReason::NoSource),
    };
    serde_json::to_string(&all).unwrap()
}
