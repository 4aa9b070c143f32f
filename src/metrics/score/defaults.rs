//! The rules that hold where the configuration gives none; written out as commented TOML too.

use super::config::{
    Band, Behaviour, BehaviourEvent, Dimension, Fit, FitField, HealthInput, HealthModel, LeadRules,
    Missing, Points, Scale, SegmentModel,
};

/// The default scores as commented TOML, table `[score]`.
pub const DEFAULT_SCORE_TOML: &str = include_str!("score.default.toml");

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

fn did(id: &str, points: i64, actions: &[&str], max_points: Option<i64>) -> Behaviour {
    Behaviour {
        id: id.to_owned(),
        points,
        event: BehaviourEvent::Touchpoint,
        actions: words(actions),
        half_life_days: None,
        max_points,
    }
}

impl Default for LeadRules {
    fn default() -> Self {
        let titles = ["ceo", "cto", "cfo", "chief", "head", "director", "vp", "founder", "owner"];
        let fit = |id: &str, points, field| Fit {
            id: id.to_owned(),
            points,
            field,
            any_of: Vec::new(),
            min: None,
            max: None,
        };
        let prices = did("did.looked_at_prices", 15, &["pricing_view"], Some(30));
        let deal = did("did.deal_opened", 30, &[], Some(30));
        Self {
            version: "1".to_owned(),
            qualified_from: 60,
            half_life_days: 30,
            fit: vec![
                Fit { min: Some(50), ..fit("fit.company_size", 20, FitField::EmployeeCount) },
                Fit { any_of: words(&titles), ..fit("fit.decides", 15, FitField::JobTitle) },
            ],
            behaviour: vec![
                did("did.asked_for_demo", 40, &["demo_request", "contact_sales"], Some(60)),
                Behaviour { half_life_days: Some(14), ..prices },
                did("did.gave_data", 10, &["form_submission", "download", "webinar"], Some(30)),
                Behaviour { event: BehaviourEvent::DealOpened, ..deal },
                did("did.unsubscribe", -25, &["unsubscribe"], None),
            ],
        }
    }
}

impl Default for HealthModel {
    fn default() -> Self {
        let band = |name: &str, from| Band { name: name.to_owned(), from };
        let linear = |input, weight, window_days, good, poor| Dimension {
            input,
            weight,
            window_days,
            scale: Scale::Linear,
            good,
            average: None,
            poor,
        };
        let steps = |average: i64, dimension: Dimension| Dimension {
            scale: Scale::Steps,
            average: Some(average),
            ..dimension
        };
        Self {
            version: "1".to_owned(),
            missing: Missing::Skip,
            neutral: 50,
            segments: vec![SegmentModel {
                segment: "default".to_owned(),
                bands: vec![band("poor", 0), band("average", 50), band("good", 75)],
                points: Points::default(),
                dimensions: vec![
                    linear(HealthInput::ActiveDays, 40, 28, 12, 0),
                    linear(HealthInput::OpenTickets, 20, 30, 0, 4),
                    steps(7, linear(HealthInput::Nps, 20, 365, 9, 6)),
                    steps(1, linear(HealthInput::FailedPayments, 20, 90, 0, 2)),
                    linear(HealthInput::FirstReplyMinutes, 10, 90, 240, 2_880),
                ],
            }],
        }
    }
}
