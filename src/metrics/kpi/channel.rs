//! Reach and clicks by channel, from daily figures of advertising, mail and web analytics.
//!
//! Owns sums and their ratios. Refuses a zero for what no source reports: it is null with
//! `NO_SOURCE`, and a ratio counts only the days on which both its parts were reported.

use crate::exact::quotient;
use crate::{Measured, NullReason, Ratio};
use domain::Date;
use std::collections::BTreeMap;

/// What was counted; `None` where the source does not report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ChannelCounts {
    /// Times an advertisement was shown.
    pub impressions: Option<i64>,
    /// Times it could have been shown.
    pub eligible_impressions: Option<i64>,
    /// Clicks on it.
    pub clicks: Option<i64>,
    /// People reached.
    pub reach: Option<i64>,
    /// Visits to the site.
    pub sessions: Option<i64>,
    /// Seconds spent on it.
    pub seconds: Option<i64>,
    /// E-mails delivered.
    pub delivered: Option<i64>,
    /// E-mails opened.
    pub opens: Option<i64>,
    /// Visitors of a download page.
    pub download_visitors: Option<i64>,
    /// Leads that downloaded.
    pub downloads: Option<i64>,
}

/// One day of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelDay {
    /// The channel; `None` is unattributed.
    pub channel: Option<String>,
    /// The day.
    pub day: Date,
    /// The counts.
    pub counts: ChannelCounts,
}

/// Sums and ratios of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelReach {
    /// The channel, [`crate::UNATTRIBUTED`] included; `None` is all of them.
    pub channel: Option<String>,
    /// Impressions.
    pub impressions: Measured<i64>,
    /// Clicks.
    pub clicks: Measured<i64>,
    /// People reached, summed by day: someone reached on two days counts twice.
    pub reach: Measured<i64>,
    /// Visits.
    pub sessions: Measured<i64>,
    /// Downloads.
    pub downloads: Measured<i64>,
    /// Clicks / impressions.
    pub click_through_rate: Measured<Ratio>,
    /// Impressions / eligible impressions.
    pub impression_share: Measured<Ratio>,
    /// Opened / delivered.
    pub open_rate: Measured<Ratio>,
    /// Seconds / visits.
    pub seconds_per_session: Measured<Ratio>,
    /// Leads with a download / visitors of the download page.
    pub lead_magnet_conversion: Measured<Ratio>,
}

type Field = fn(&ChannelCounts) -> Option<i64>;

fn sum(days: &[&ChannelCounts], field: Field) -> Measured<i64> {
    let known: Vec<i128> = days.iter().filter_map(|day| field(day)).map(i128::from).collect();
    if known.is_empty() {
        return Measured::none(NullReason::NoSource);
    }
    i64::try_from(known.iter().sum::<i128>()).map_err(|_| NullReason::Overflow).into()
}

fn ratio(days: &[&ChannelCounts], part: Field, whole: Field) -> Measured<Ratio> {
    let both = days.iter().filter_map(|day| Some((part(day)?, whole(day)?)));
    let both: Vec<(i64, i64)> = both.collect();
    if both.is_empty() {
        return Measured::none(NullReason::NoSource);
    }
    let (part, whole) = both.iter().fold((0_i128, 0_i128), |(part, whole), day| {
        (part + i128::from(day.0), whole + i128::from(day.1))
    });
    quotient(part, whole).into()
}

/// The reach of all channels together and of each, from the days in `[from, until)`. Without a
/// single day there is one row of `NO_SOURCE`.
#[must_use]
pub fn channel_reach(days: &[ChannelDay], from: Date, until: Date) -> Vec<ChannelReach> {
    let mut groups: BTreeMap<Option<String>, Vec<&ChannelCounts>> = BTreeMap::new();
    groups.entry(None).or_default();
    for day in days.iter().filter(|day| from <= day.day && day.day < until) {
        let word = day.channel.clone().unwrap_or_else(|| crate::UNATTRIBUTED.to_owned());
        for channel in [None, Some(word)] {
            groups.entry(channel).or_default().push(&day.counts);
        }
    }
    let row = |(channel, days): (Option<String>, Vec<&ChannelCounts>)| ChannelReach {
        channel,
        impressions: sum(&days, |c| c.impressions),
        clicks: sum(&days, |c| c.clicks),
        reach: sum(&days, |c| c.reach),
        sessions: sum(&days, |c| c.sessions),
        downloads: sum(&days, |c| c.downloads),
        click_through_rate: ratio(&days, |c| c.clicks, |c| c.impressions),
        impression_share: ratio(&days, |c| c.impressions, |c| c.eligible_impressions),
        open_rate: ratio(&days, |c| c.opens, |c| c.delivered),
        seconds_per_session: ratio(&days, |c| c.seconds, |c| c.sessions),
        lead_magnet_conversion: ratio(&days, |c| c.downloads, |c| c.download_visitors),
    };
    groups.into_iter().map(row).collect()
}
