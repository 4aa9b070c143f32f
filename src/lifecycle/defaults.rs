//! The rules that hold when the configuration says nothing: section 1 of the stage table, as code
//! and as the commented text that the embedded configuration shows. A test holds the two together.

use crate::rules::{Event, Move, OnlyIf, Rule, Rules, When};
use domain::Stage;

/// The default rules as commented TOML, table `[lifecycle]`.
pub const DEFAULT_RULES_TOML: &str = include_str!("rules.default.toml");

const ENGAGED: &[&str] = &[
    "form_submission",
    "form_submitted",
    "download",
    "content_download",
    "webinar",
    "webinar_attended",
    "event_attended",
    "inbound_call",
    "inbound_email",
    "email_reply",
    "chat",
    "signup",
    "trial_signup",
    "newsletter_reply",
];
const INTENT: &[&str] = &[
    "demo",
    "demo_request",
    "demo_held",
    "pricing_request",
    "quote_request",
    "sales_call",
    "meeting",
    "meeting_booked",
];
const ADVOCATES: &[&str] = &[
    "referral",
    "referral_qualified",
    "review",
    "product_review",
    "testimonial",
    "case_study",
    "user_generated_content",
];
const PRICING: &[&str] = &["pricing_page_view", "pricing_view", "pricing_visit", "pricing_revisit"];
/// Tenure after which a customer counts as retained: most churn happens before.
const TENURE_DAYS: i64 = 90;
/// How long a recommendation counts.
const ADVOCACY_DAYS: i64 = 365;

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

fn rule(id: &str, stage: Stage, when: When) -> Rule {
    Rule {
        id: id.to_owned(),
        stage,
        direction: Move::Forward,
        when,
        requires: None,
        lasts_days: None,
        restart: false,
    }
}

fn on(event: Event) -> When {
    When { event, ..When::default() }
}

fn vendor(stages: &[&str]) -> When {
    When { stages: words(stages), ..on(Event::VendorStage) }
}

fn touch(actions: &[&str]) -> When {
    When { actions: words(actions), ..on(Event::Touchpoint) }
}

fn paid(nth: u32) -> When {
    When { nth: Some(nth), ..on(Event::Paid) }
}

fn retention(id: &str, when: When) -> Rule {
    Rule { requires: Some(Stage::Purchase), ..rule(id, Stage::Retention, when) }
}

fn advocacy(id: &str, when: When) -> Rule {
    Rule {
        requires: Some(Stage::Retention),
        lasts_days: Some(ADVOCACY_DAYS),
        ..rule(id, Stage::Advocacy, when)
    }
}

fn back(id: &str, stage: Stage, when: When, only_if: OnlyIf) -> Rule {
    Rule { direction: Move::Backward, ..rule(id, stage, When { only_if: Some(only_if), ..when }) }
}

impl Default for Rules {
    fn default() -> Self {
        let data = When { except_stages: words(&["subscriber"]), ..on(Event::ContactData) };
        let tenure = When { days: Some(TENURE_DAYS), ..on(Event::Tenure) };
        let promoter = When { min_score: Some(9), ..on(Event::Nps) };
        let open = || on(Event::DealOpen);
        Self {
            version: "default@1".to_owned(),
            lapse_days: 90,
            rules: vec![
                rule("awareness.known", Stage::Awareness, on(Event::Known)),
                rule("consideration.engaged", Stage::Consideration, touch(ENGAGED)),
                rule("consideration.ticket", Stage::Consideration, on(Event::TicketCreated)),
                rule("lead.contact_data", Stage::Lead, data),
                rule("lead.vendor", Stage::Lead, vendor(&["lead"])),
                rule("mql.vendor", Stage::Mql, vendor(&["marketing_qualified_lead", "mql"])),
                rule("sql.vendor", Stage::Sql, vendor(&["sales_qualified_lead", "sql"])),
                rule("sql.intent", Stage::Sql, touch(INTENT)),
                rule("opportunity.open_deal", Stage::Opportunity, open()),
                rule("purchase.first_payment", Stage::Purchase, paid(1)),
                rule("purchase.deal_won", Stage::Purchase, on(Event::DealWon)),
                retention("retention.second_payment", paid(2)),
                retention("retention.tenure", tenure),
                advocacy("advocacy.referral", touch(ADVOCATES)),
                advocacy("advocacy.nps", promoter),
                back("back.deals_lost", Stage::Lead, on(Event::DealsAllLost), OnlyIf::NotCustomer),
                back(
                    "back.pricing_revisit",
                    Stage::Consideration,
                    touch(PRICING),
                    OnlyIf::Customer,
                ),
                Rule {
                    restart: true,
                    ..back(
                        "back.reengaged_after_churn",
                        Stage::Opportunity,
                        open(),
                        OnlyIf::Churned,
                    )
                },
            ],
        }
    }
}
