//! The choices on which billing systems differ when they count recurring revenue: named, versioned.
//!
//! Owns the choices and the presets. A preset that is changed is no longer that vendor's: it must
//! take a name and a version of its own, so that no answer wears a name that it does not follow.

use crate::Problem;
use domain::{Currency, Date};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of days, or no limit. Written as a number or as `"unlimited"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Days {
    /// So many days of 24 hours.
    Of(u32),
    /// For ever.
    Unlimited,
}

impl Serialize for Days {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Of(days) => s.serialize_u32(*days),
            Self::Unlimited => s.serialize_str("unlimited"),
        }
    }
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Number(u32),
            Word(String),
        }
        match Raw::deserialize(d) {
            Ok(Raw::Number(days)) => Ok(Self::Of(days)),
            Ok(Raw::Word(word)) if word == "unlimited" => Ok(Self::Unlimited),
            _ => Err(serde::de::Error::custom("expected a number of days or \"unlimited\"")),
        }
    }
}

/// Which discounts lower MRR; each choice includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coupons {
    /// None: MRR is the list price.
    None,
    /// Those that never end.
    Forever,
    /// Those of several billing periods too.
    Repeating,
    /// All, those of one billing period too.
    Once,
}

/// When a cancelled subscription stops counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChurnDate {
    /// When the period that was paid for ends.
    PeriodEnd,
    /// When the cancellation was asked for.
    OnRequest,
}

/// What a full refund does to MRR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refunds {
    /// Nothing: it is negative cash on its day.
    Ignore,
    /// Given within `refund_days` of the start, the subscription never counted.
    Void,
}

/// Whether the time of a trial counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trials {
    /// MRR begins with the first paid day.
    Excluded,
    /// MRR begins with the trial.
    Counted,
}

/// What a paying customer becomes whose price falls to nothing while the subscription runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FreePlan {
    /// A customer who left.
    Churn,
    /// A customer who pays nothing at present.
    Contraction,
}

/// Whether a customer's ups and downs of one period are shown each or as their sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SamePeriod {
    /// Each: who comes and goes in a period is new and churned.
    Both,
    /// The difference between the period's end and its start: who comes and goes is nothing.
    Net,
}

/// The day whose rate converts MRR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FxDate {
    /// The day on which the current billing period of the subscription began.
    ServicePeriodStart,
    /// The first day of the calendar month.
    MonthStart,
    /// The day of the change that led to the present MRR of the subscription.
    Transaction,
    /// The day `fx_fixed_on`: a budget rate.
    Fixed,
}

/// How recurring revenue is counted; its label goes with every answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct RevenuePolicy {
    /// Names the policy.
    pub name: String,
    /// Counts up with every change.
    pub version: u32,
    /// Which discounts lower MRR.
    pub coupons: Coupons,
    /// When a cancelled subscription stops counting.
    pub churn_date: ChurnDate,
    /// Who returns within so many days of churn is reactivated; later, new.
    pub reactivation_days: Days,
    /// How long an unpaid subscription counts; then it has churned, involuntarily. A payment that
    /// arrives later takes the churn back.
    pub dunning_days: Days,
    /// How long a pause is a contraction; then it is churn. 0: at once.
    pub pause_churn_days: Days,
    /// What a price of nothing makes of a paying customer.
    pub free_plan: FreePlan,
    /// What a full refund does.
    pub refunds: Refunds,
    /// See [`Refunds::Void`].
    pub refund_days: u32,
    /// Whether trials count.
    pub trials: Trials,
    /// Whether opposite movements of a period are netted.
    pub same_period: SamePeriod,
    /// A customer's changes within so many minutes of the first are one change.
    pub group_minutes: u32,
    /// Whether reactivation is in the numerator of the quick ratio.
    pub quick_ratio_counts_reactivation: bool,
    /// The day of the rate.
    pub fx_date: FxDate,
    /// For [`FxDate::Fixed`]: `2026-01-01`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fx_fixed_on: Option<String>,
    /// How many days an exchange rate stands in for the following days without one.
    pub fx_gap_days: u32,
    /// The currency through which pairs without a rate are converted; without it any one that the
    /// table offers, by code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fx_pivot: Option<Currency>,
}

impl Default for RevenuePolicy {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            version: 1,
            coupons: Coupons::Forever,
            churn_date: ChurnDate::PeriodEnd,
            reactivation_days: Days::Unlimited,
            dunning_days: Days::Of(30),
            pause_churn_days: Days::Unlimited,
            free_plan: FreePlan::Churn,
            refunds: Refunds::Ignore,
            refund_days: 30,
            trials: Trials::Excluded,
            same_period: SamePeriod::Both,
            group_minutes: 0,
            quick_ratio_counts_reactivation: false,
            fx_date: FxDate::ServicePeriodStart,
            fx_fixed_on: None,
            fx_gap_days: 7,
            fx_pivot: None,
        }
    }
}

impl RevenuePolicy {
    /// The names of the presets.
    pub const PRESETS: [&'static str; 4] = ["default", "stripe", "chartmogul", "profitwell"];

    /// A preset by its name; `None` when there is none of that name. Where a vendor's documents do
    /// not say, it follows `default`.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let base = Self { name: name.to_owned(), ..Self::default() };
        match name {
            "default" => Some(base),
            // Billing metric definitions: active and past due subscriptions count; only coupons
            // for ever lower MRR; what is cancelled is out at once.
            "stripe" => Some(Self {
                churn_date: ChurnDate::OnRequest,
                dunning_days: Days::Unlimited,
                ..base
            }),
            // Subscription analytics settings: churn when the paid period ends, delinquent
            // subscriptions count until they are cancelled, who moves to a free plan stays active,
            // what is bought within an hour is one purchase, discounts are in the invoiced price.
            "chartmogul" => Some(Self {
                coupons: Coupons::Once,
                dunning_days: Days::Unlimited,
                free_plan: FreePlan::Contraction,
                group_minutes: 60,
                quick_ratio_counts_reactivation: true,
                ..base
            }),
            // Comparison pages: every discount is subtracted, who comes and goes within a month is
            // ignored, who does not pay within the dunning window is delinquent churn, and a
            // subscription on hold falls to nothing.
            "profitwell" => Some(Self {
                coupons: Coupons::Once,
                dunning_days: Days::Of(15),
                same_period: SamePeriod::Net,
                ..base
            }),
            _ => None,
        }
    }

    /// As answers name it: `chartmogul@1`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// The day of a fixed rate.
    #[must_use]
    pub fn fixed_day(&self) -> Option<Date> {
        self.fx_fixed_on.as_deref().and_then(Date::parse)
    }

    /// Every mistake; empty when the policy is sound.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut say = |wrong: bool, key: &str, message: String| {
            if wrong {
                found.push(Problem { key: key.to_owned(), message });
            }
        };
        let is = |text: &str| text.to_owned();
        say(self.name.trim().is_empty(), "name", is("is empty; name the policy"));
        say(self.version == 0, "version", is("must be at least 1"));
        let changed = Self::preset(&self.name)
            .is_some_and(|preset| preset.version == self.version && preset != *self);
        say(
            changed,
            "name",
            format!(
                "is that of a preset, and its choices differ from it; give it a name of its own, \
                 or another version than {}",
                self.version
            ),
        );
        say(
            self.fx_fixed_on.is_some() && self.fixed_day().is_none(),
            "fx_fixed_on",
            is("is no day; expected e.g. \"2026-01-01\""),
        );
        say(
            self.fx_date == FxDate::Fixed && self.fx_fixed_on.is_none(),
            "fx_fixed_on",
            is("is missing; fx_date = \"fixed\" needs the day of the rate"),
        );
        for (key, days) in [
            ("reactivation_days", self.reactivation_days),
            ("dunning_days", self.dunning_days),
            ("pause_churn_days", self.pause_churn_days),
            ("refund_days", Days::Of(self.refund_days)),
            ("fx_gap_days", Days::Of(self.fx_gap_days)),
        ] {
            let far = matches!(days, Days::Of(days) if days > 36_600);
            say(far, key, is("is more than a hundred years"));
        }
        say(
            self.group_minutes > 7 * 24 * 60,
            "group_minutes",
            is("is more than a week; changes so far apart are not one"),
        );
        found
    }
}

/// A policy as configuration files write it: a preset, and what differs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    preset: Option<String>,
    name: Option<String>,
    version: Option<u32>,
    coupons: Option<Coupons>,
    churn_date: Option<ChurnDate>,
    reactivation_days: Option<Days>,
    dunning_days: Option<Days>,
    pause_churn_days: Option<Days>,
    free_plan: Option<FreePlan>,
    refunds: Option<Refunds>,
    refund_days: Option<u32>,
    trials: Option<Trials>,
    same_period: Option<SamePeriod>,
    group_minutes: Option<u32>,
    quick_ratio_counts_reactivation: Option<bool>,
    fx_date: Option<FxDate>,
    fx_fixed_on: Option<String>,
    fx_gap_days: Option<u32>,
    fx_pivot: Option<Currency>,
}

impl TryFrom<Written> for RevenuePolicy {
    type Error = String;

    fn try_from(own: Written) -> Result<Self, String> {
        let name = own.preset.as_deref().unwrap_or("default");
        let base = Self::preset(name).ok_or_else(|| {
            format!("preset is none that is known; expected one of {}", Self::PRESETS.join(", "))
        })?;
        Ok(Self {
            name: own.name.unwrap_or(base.name),
            version: own.version.unwrap_or(base.version),
            coupons: own.coupons.unwrap_or(base.coupons),
            churn_date: own.churn_date.unwrap_or(base.churn_date),
            reactivation_days: own.reactivation_days.unwrap_or(base.reactivation_days),
            dunning_days: own.dunning_days.unwrap_or(base.dunning_days),
            pause_churn_days: own.pause_churn_days.unwrap_or(base.pause_churn_days),
            free_plan: own.free_plan.unwrap_or(base.free_plan),
            refunds: own.refunds.unwrap_or(base.refunds),
            refund_days: own.refund_days.unwrap_or(base.refund_days),
            trials: own.trials.unwrap_or(base.trials),
            same_period: own.same_period.unwrap_or(base.same_period),
            group_minutes: own.group_minutes.unwrap_or(base.group_minutes),
            quick_ratio_counts_reactivation: own
                .quick_ratio_counts_reactivation
                .unwrap_or(base.quick_ratio_counts_reactivation),
            fx_date: own.fx_date.unwrap_or(base.fx_date),
            fx_fixed_on: own.fx_fixed_on.or(base.fx_fixed_on),
            fx_gap_days: own.fx_gap_days.unwrap_or(base.fx_gap_days),
            fx_pivot: own.fx_pivot.or(base.fx_pivot),
        })
    }
}
