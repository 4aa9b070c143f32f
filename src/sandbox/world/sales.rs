//! Deals: a company is courted, the deal moves through the pipeline, and a won one is soon
//! followed by a purchase.

use super::leads::{CUSTOMER, OPPORTUNITY};
use super::{Action, World};
use crate::calendar::{DAY, iso_millis};
use crate::hubspot::Kind;
use crate::rng::Rng;
use crate::stripe::PLANS;

/// HubSpot's default sales pipeline: stage and probability.
static STAGES: [(&str, &str); 7] = [
    ("appointmentscheduled", "0.2"),
    ("qualifiedtobuy", "0.4"),
    ("presentationscheduled", "0.6"),
    ("decisionmakerboughtin", "0.8"),
    ("contractsent", "0.9"),
    ("closedwon", "1"),
    ("closedlost", "0"),
];
const WON: usize = 5;
const LOST: usize = 6;

impl World {
    pub(super) fn open_deal(&mut self, company: u32, at_ms: i64, rng: &mut Rng) {
        let known = self.company_records(company).contacts.clone();
        if known.is_empty() {
            // nobody to talk to yet; try again later, unless nobody ever comes
            if rng.chance(0.95) {
                self.schedule(at_ms + 5 * DAY + rng.wait(20 * DAY), Action::OpensDeal(company));
            }
            return;
        }
        let object = self.ensure_company_object(company, at_ms, rng);
        let customer = self.company_records(company).customer;
        let renewal = customer.is_some();
        let Some(c) = self.cast.company(company) else { return };
        let currency = c.country.currency;
        let (plan, quantity) = size(c.staff);
        let year =
            crate::stripe::unit_amount(plan, crate::stripe::Interval::Year, currency) * quantity;
        let amount = if currency == "jpy" { year } else { year / 100 };
        let label = PLANS.get(plan).map_or("", |p| p.0);
        let name = format!("{} - {label}{}", c.brand, if renewal { " expansion" } else { "" });
        let won = rng.chance(if renewal { 0.5 } else { 0.42 });
        let id = self.crm.create(Kind::Deals, at_ms, None, None, rng);
        let expected = at_ms + rng.between(30, 90) * DAY;
        if let Some(deal) = self.crm.table_mut(Kind::Deals).find_mut(id) {
            deal.put("dealname", name);
            deal.put("pipeline", "default");
            deal.put("deal_currency_code", currency.to_uppercase());
            deal.put("dealtype", if renewal { "existingbusiness" } else { "newbusiness" });
            deal.put("hs_is_closed", "false");
            deal.put("hs_is_closed_won", "false");
            deal.put("closedate", iso_millis(expected));
            if rng.chance(0.95) {
                deal.change("amount", &amount.to_string(), at_ms);
            }
            deal.change("dealstage", STAGES[0].0, at_ms);
            deal.put("hs_deal_stage_probability", STAGES[0].1);
        }
        self.crm.link((Kind::Deals, id), (Kind::Companies, object));
        let wanted = 1 + rng.below(3).min(known.len() as u64 - 1);
        for _ in 0..wanted {
            let Some((_, contact)) = rng.pick(&known).copied() else { continue };
            let Some(contact) = self
                .crm
                .table(Kind::Contacts)
                .resolve(contact)
                .filter(|c| c.archived_ms.is_none())
                .map(|c| c.id)
            else {
                continue;
            };
            self.crm.link((Kind::Deals, id), (Kind::Contacts, contact));
            // a former customer that is courted again goes back to opportunity
            let lapsed =
                customer.is_some_and(|c| self.books.live_subscriptions(c).next().is_none());
            if lapsed && rng.chance(0.6) {
                self.set_stage(Kind::Contacts, contact, OPPORTUNITY, at_ms, true);
            } else {
                self.raise_stage(contact, OPPORTUNITY, at_ms, rng);
            }
        }
        self.set_stage(Kind::Companies, object, OPPORTUNITY, at_ms, false);
        // some deals are lost on the way, the others run the whole course
        let last = if won { WON } else { LOST };
        let skips = rng.below(3) as usize;
        let mut at = at_ms;
        for stage in (1 + skips)..=4 {
            at += rng.wait(9 * DAY);
            if !won && rng.chance(0.3) {
                break;
            }
            self.schedule(at, Action::MovesDeal { deal: id, stage });
        }
        at += DAY + rng.wait(9 * DAY);
        self.schedule(at, Action::MovesDeal { deal: id, stage: last });
    }

    pub(super) fn move_deal(&mut self, deal: u64, stage: usize, at_ms: i64, rng: &mut Rng) {
        let Some((name, probability)) = STAGES.get(stage) else { return };
        let Some(row) =
            self.crm.table_mut(Kind::Deals).find_mut(deal).filter(|d| d.archived_ms.is_none())
        else {
            return;
        };
        row.change("dealstage", name, at_ms);
        row.put("hs_deal_stage_probability", *probability);
        if stage == WON || stage == LOST {
            row.put("hs_is_closed", "true");
            row.put("hs_is_closed_won", if stage == WON { "true" } else { "false" });
            row.put("closedate", iso_millis(at_ms));
            if stage == LOST {
                row.put(
                    "closed_lost_reason",
                    rng.word(&["Price", "Chose a competitor", "No budget", "Timing", "No reply"]),
                );
            }
        }
        let (contacts, objects) = (row.contacts.clone(), row.companies.clone());
        let company = objects
            .first()
            .and_then(|o| self.crm.table(Kind::Companies).find(*o))
            .and_then(|o| o.company);
        if stage == WON {
            for contact in contacts {
                self.raise_stage(contact, CUSTOMER, at_ms, rng);
            }
            for object in objects {
                self.set_stage(Kind::Companies, object, CUSTOMER, at_ms, false);
            }
            if let Some(company) = company {
                self.schedule(
                    at_ms + DAY / 2 + rng.wait(2 * DAY),
                    Action::BuysForCompany { company, deal },
                );
            }
        }
        if let Some(company) = company
            && (stage == WON || stage == LOST)
            && rng.chance(if stage == WON { 0.92 } else { 0.85 })
        {
            self.schedule(at_ms + 15 * DAY + rng.wait(60 * DAY), Action::OpensDeal(company));
        }
    }
}

/// Which plan and how many seats suit a company of this size.
pub(super) fn size(staff: i64) -> (usize, i64) {
    match staff {
        ..=12 => (1, (staff / 2).clamp(1, 6)),
        13..=90 => (2, (staff / 4).clamp(3, 25)),
        _ => (3, (staff / 10).clamp(8, 60)),
    }
}
