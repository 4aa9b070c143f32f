//! What the company paid for being found: a daily file per channel and campaign, as a
//! marketing team exports it.

use super::World;
use crate::calendar::{DAY, add_months, civil, date};
use crate::rng::Rng;
use std::fmt::Write as _;

/// Paid channels with their campaigns and mean spend a day in minor units of USD.
static CAMPAIGNS: [(&str, &str, i64); 7] = [
    ("PAID_SEARCH", "brand", 6_200),
    ("PAID_SEARCH", "generic", 15_500),
    ("PAID_SEARCH", "competitor", 5_100),
    ("PAID_SOCIAL", "lookalike", 9_800),
    ("PAID_SOCIAL", "retargeting", 4_700),
    ("EMAIL_MARKETING", "newsletter", 1_500),
    ("REFERRALS", "partner-programme", 3_300),
];

impl World {
    /// Daily spend over the whole history, as CSV with a header
    /// `date,channel,campaign,currency,amount`: ISO dates, HubSpot's channel names, US dollars
    /// with two decimals. Weekends are cheaper, spend grows, and some days a campaign rests.
    #[must_use]
    pub fn spend_csv(&self) -> String {
        let config = self.config();
        let end = self.now_ms().div_euclid(DAY);
        let start = add_months(config.now_ms, -i64::from(config.months.max(1))).div_euclid(DAY);
        let mut out = String::from("date,channel,campaign,currency,amount\n");
        for day in start..end {
            // a day's figures do not depend on how many days came before it
            let mut rng = Rng::new(config.seed ^ 0x59e4_d000, day as u64);
            let weekend = matches!((day + 4).rem_euclid(7), 0 | 6);
            let growth = 100 + 60 * (day - start) / (config.now_ms.div_euclid(DAY) - start).max(1);
            let (_, month, _) = civil(day);
            for (channel, campaign, mean) in CAMPAIGNS {
                let noise = rng.between(70, 130);
                if rng.chance(0.02) || (campaign == "newsletter" && day % 3 != 0) {
                    continue;
                }
                let season = if month == 11 || month == 12 { 125 } else { 100 };
                let amount = mean * growth * noise / 10_000 * season / 100
                    * if weekend { 6 } else { 10 }
                    / 10;
                // writing to a String cannot fail
                let _ = writeln!(
                    out,
                    "{},{channel},{campaign},USD,{}.{:02}",
                    date(day * DAY),
                    amount / 100,
                    amount % 100
                );
            }
        }
        out
    }
}
