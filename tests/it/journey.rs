//! A journey through what can happen to a store: late facts, corrections, deletions, merges, splits, rates
//! restated, clocks set back; with every answer that was given on the way.

use crate::database::TestDb;
use crate::identity_flow::{Item, feed_version, jobs, noon, person, settle, steward};
use domain::{
    Canonical, Clock, Currency, Date, Deal, DealStatus, ExchangeRate, Interval, Link, LinkRole,
    Money, Payment, PaymentStatus, Principal, ProfileId, ProfileKind, Rate, RecordKey, Refund,
    Role, Scope, Spend, Stage, Subscription, SubscriptionItem, SubscriptionStatus, SurveyKind,
    SurveyResponse, Ticket, TicketStatus, Timestamp, Tombstone, UsageEvent,
};
use jobs::{JobError, Jobs};
use metrics::revenue::Rates;
use metrics::score::{HealthFacts, ScoreConfig, health_score};
use metrics::{Exchange, numbers_in};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::known::Epoch;
use store::read::{RollupCell, RollupRange};
use store::{Outcome, PageCommit};

const DAY: i64 = 86_400_000;

/// A clock that the test moves, also backwards.
pub struct Moved(pub AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// SplitMix64: the same journey for the same seed.
pub struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn day(&mut self) -> Timestamp {
        noon().plus_millis(-(self.below(700) as i64) * DAY)
    }
}

pub fn scope() -> Scope {
    Principal { subject: "ada".into(), role: Role::Admin }.scope()
}

/// An answer of one profile at a moment, as known in an epoch: history, stage, status, numbers.
async fn answer(jobs: &Jobs, profile: i64, epoch: &Epoch, as_of: Timestamp) -> String {
    let known = jobs.store.profiles_known(&scope(), &[profile], epoch.number).await.unwrap();
    match &known[&profile] {
        Err(absence) => format!("{absence:?}"),
        Ok(facts) => {
            let policy: metrics::Policy = serde_json::from_str(&epoch.note.policy.body).unwrap();
            let rules: lifecycle::Rules = serde_json::from_str(&epoch.note.rules.body).unwrap();
            let s = epoch.note.sources;
            let sources = metrics::Sources {
                has_payments: s.payments,
                has_tickets: s.tickets,
                has_surveys: s.surveys,
                has_subscriptions: s.subscriptions,
                has_spend: s.spend,
                has_usage: s.usage,
            };
            let life = lifecycle::derive(facts, &rules, as_of);
            let numbers = metrics::numbers(facts, &policy, &sources, as_of);
            let stored = jobs.store.exchange_rates_known(&scope(), epoch.number).await.unwrap();
            let (euro, rates) = (Currency::parse("EUR").unwrap(), Rates::of(&stored));
            let mut exchange = Exchange::new(euro, &rates, &policy);
            let converted = numbers_in(&mut exchange, facts, &policy, &sources, as_of);
            let scores = &epoch.note.scores.as_ref().unwrap().body;
            let scores: ScoreConfig = serde_json::from_str(scores).unwrap();
            let from = HealthFacts { facts, sources: &sources, zone: &policy.time_zone() };
            let health = health_score(&from, &scores.health, "default", as_of);
            let json = |numbers| serde_json::to_string(numbers).unwrap();
            format!(
                "{life:?}\n{}\n{}\n{:?}\n{health:?}",
                json(&numbers),
                json(&converted),
                exchange.missing()
            )
        }
    }
}

fn line(cell: &RollupCell, value: i128) -> String {
    format!(
        "{} {} {:?} {:?} {:?} {:?} {value}",
        cell.component, cell.month, cell.channel, cell.segment, cell.stage, cell.currency
    )
}

fn lines(cells: &[RollupCell]) -> String {
    let mut lines: Vec<String> = cells.iter().map(|c| line(c, i128::from(c.value))).collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// The cells as known in an epoch.
async fn cells(jobs: &Jobs, epoch: Option<i64>) -> String {
    let range = RollupRange { epoch, ..RollupRange::default() };
    lines(&jobs.store.rollup_cells(&scope(), &range).await.unwrap())
}

/// The same, added up from the contributors' shares of that epoch.
async fn summed(jobs: &Jobs, contributors: &[i64], epoch: i64) -> String {
    let shares = jobs.store.shares_known(&scope(), contributors, epoch).await.unwrap();
    let mut sums: BTreeMap<String, (RollupCell, i128)> = BTreeMap::new();
    for share in shares {
        let key = line(&share.cell, 0);
        sums.entry(key).or_insert((share.cell.clone(), 0)).1 += i128::from(share.cell.value);
    }
    let mut lines: Vec<String> =
        sums.into_values().filter(|(_, n)| *n != 0).map(|(cell, n)| line(&cell, n)).collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// A saved answer: whose, at which moment, known when, and what it was.
pub struct Saved {
    profile: Option<i64>,
    as_of: Timestamp,
    known_at: Timestamp,
    text: String,
}

/// A journey through what can happen to a store.
pub struct Journey<'a> {
    pub db: &'a TestDb,
    pub jobs: Jobs,
    pub clock: Arc<Moved>,
    pub dice: Dice,
    /// What was written, with its last version and whether it is gone.
    written: Vec<(Item, i64, bool)>,
    /// Every profile id that ever lived.
    ids: BTreeSet<i64>,
    pub saved: Vec<Saved>,
    pub counts: BTreeMap<&'static str, u32>,
}

const SOURCES: [&str; 3] = ["hubspot", "zendesk", "stripe"];

impl<'a> Journey<'a> {
    pub fn new(db: &'a TestDb, seed: u64) -> Self {
        let clock = Arc::new(Moved(AtomicI64::new(noon().as_millis())));
        let mut jobs = jobs(db);
        jobs.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        Self {
            db,
            jobs,
            clock,
            dice: Dice(seed),
            written: Vec::new(),
            ids: BTreeSet::new(),
            saved: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    pub fn contact(&mut self, n: usize) -> Item {
        let source = SOURCES[n % 3];
        let who = n / 3;
        let name = format!("Given{who} Family{who}");
        let mail = format!("person{who}@mail{who}.example");
        let mut item = person(source, &format!("k{n}"), &name, &mail, "");
        if let Canonical::Contact(contact) = &mut item.body {
            contact.vendor_stage = [None, Some("lead"), Some("customer"), Some("opportunity")]
                [self.dice.below(4)]
            .map(str::to_owned);
            if self.dice.below(3) == 0 {
                let id = format!("c{}", self.dice.below(4));
                let target = RecordKey::new("hubspot", "companies", id);
                contact.links.push(Link { role: LinkRole::Company, target });
            }
        }
        item
    }

    /// A fact of any kind about a random contact.
    fn fact(&mut self, n: usize) -> Item {
        let dice = &mut self.dice;
        let who = dice.below(24);
        let target = RecordKey::new(SOURCES[who % 3], "contacts", format!("k{who}"));
        let links = vec![Link { role: LinkRole::Contact, target }];
        let amount = Money::from_minor(
            100 + dice.below(90_000) as i64,
            Currency::parse(["EUR", "USD", "JPY"][dice.below(3)]).unwrap(),
        );
        let at = Some(dice.day()).filter(|_| dice.below(20) > 0);
        let (stream, body) = match n % 8 {
            0 | 1 => {
                let status = match dice.below(5) {
                    0 => PaymentStatus::Failed,
                    _ => PaymentStatus::Succeeded,
                };
                let payment = Payment {
                    status,
                    amount,
                    method: None,
                    failure_code: None,
                    paid_at: at,
                    links,
                };
                ("charges", Canonical::Payment(payment))
            }
            2 => {
                let target = RecordKey::new("stripe", "charges", format!("f{}", n - 1));
                let refund = Refund {
                    status: PaymentStatus::Succeeded,
                    amount,
                    reason: None,
                    refunded_at: at,
                    links: vec![Link { role: LinkRole::Payment, target }],
                };
                ("refunds", Canonical::Refund(refund))
            }
            3 => {
                let subscription = Subscription {
                    status: SubscriptionStatus::Active,
                    currency: amount.currency,
                    items: vec![SubscriptionItem {
                        product: None,
                        amount_minor: amount.amount_minor,
                        interval: Interval::Month,
                        interval_count: 1 + dice.below(3) as u32,
                    }],
                    started_at: at,
                    trial_end: None,
                    current_period_end: None,
                    canceled_at: None,
                    ended_at: at
                        .map(|at| at.plus_millis(dice.below(400) as i64 * DAY))
                        .filter(|_| dice.below(2) == 0),
                    cancellation_reason: None,
                    links,
                };
                ("subscriptions", Canonical::Subscription(subscription))
            }
            4 => {
                let ticket = Ticket {
                    subject: None,
                    status: TicketStatus::Open,
                    priority: None,
                    channel: None,
                    comment_count: None,
                    created_at: at,
                    first_replied_at: at
                        .filter(|_| n.is_multiple_of(2))
                        .map(|at| at.plus_millis(3_600_000)),
                    solved_at: None,
                    links,
                };
                ("tickets", Canonical::Ticket(ticket))
            }
            5 => {
                let answer = SurveyResponse {
                    kind: SurveyKind::Nps,
                    score: dice.below(11) as i64,
                    comment: None,
                    responded_at: at,
                    links,
                };
                ("surveys", Canonical::SurveyResponse(answer))
            }
            6 => {
                let used = UsageEvent { action: None, quantity: None, used_at: at, links };
                ("usage", Canonical::UsageEvent(used))
            }
            _ => {
                let status = [DealStatus::Open, DealStatus::Won, DealStatus::Lost][dice.below(3)];
                let deal = Deal {
                    name: None,
                    pipeline: None,
                    deal_stage: None,
                    status,
                    amount: Some(amount),
                    created_at: at,
                    closed_at: at.filter(|_| status != DealStatus::Open),
                    links,
                };
                ("deals", Canonical::Deal(deal))
            }
        };
        Item { source: "stripe", stream, id: format!("f{n}"), body }
    }

    fn spend(&mut self) -> Item {
        let day = self.dice.day().to_string();
        let spend = Spend {
            day: Date::parse(&day[..10]).unwrap(),
            channel: Some("paid_search".to_owned()).filter(|_| self.dice.below(2) == 0),
            campaign: None,
            kind: domain::SpendKind::PaidMedia,
            amount: Money::from_minor(
                self.dice.below(10_000) as i64,
                Currency::parse("EUR").unwrap(),
            ),
        };
        let id = format!("d{}", self.dice.below(6));
        Item { source: "ads", stream: "spend", id, body: Canonical::Spend(spend) }
    }

    /// What a currency was worth in euros; again and again of the same days.
    fn rate(&mut self) -> Item {
        let dice = &mut self.dice;
        let quote = ["USD", "JPY"][dice.below(2)];
        let day = noon().plus_millis(-(dice.below(100) as i64) * 7 * DAY).to_string();
        let value = format!("{}.{:03}", 1 + dice.below(160), dice.below(1_000));
        let rate = ExchangeRate {
            day: Date::parse(&day[..10]).unwrap(),
            base: Currency::parse("EUR").unwrap(),
            quote: Currency::parse(quote).unwrap(),
            rate: Rate::parse(&value).unwrap(),
        };
        let id = format!("x{quote}{}", &day[..10]);
        Item { source: "treasury", stream: "rates", id, body: Canonical::ExchangeRate(rate) }
    }

    pub async fn write(&mut self, item: Item) {
        let same = |(i, ..): &&mut (Item, i64, bool)| i.stream == item.stream && i.id == item.id;
        let version = match self.written.iter_mut().find(same) {
            Some(known) => {
                (known.0, known.1, known.2) = (item.clone(), known.1 + 1, false);
                known.1
            }
            None => {
                self.written.push((item.clone(), 1, false));
                1
            }
        };
        feed_version(&self.jobs, &[item], version).await;
    }

    async fn delete(&mut self, at: usize) {
        let (item, version, gone) = &mut self.written[at];
        (*version, *gone) = (*version + 1, true);
        let store = &self.jobs.store;
        let (lease, _) = store.acquire(item.source, item.stream, "test:0:0", noon()).await.unwrap();
        let tombstone = Tombstone { external_id: item.id.clone(), version: *version };
        let page = PageCommit {
            records: &[],
            rejects: &[],
            tombstones: &[tombstone],
            merges: &[],
            next_state: "1",
            requests: 1,
            observed_at: noon(),
        };
        store.commit_page(&lease, &page).await.unwrap();
        store.release(&lease, Outcome::Done, noon()).await.unwrap();
    }

    /// People, with their records.
    async fn people(&self) -> BTreeMap<ProfileId, Vec<domain::RecordId>> {
        let all = self.jobs.store.load_all_membership(ProfileKind::Person).await.unwrap();
        let mut people: BTreeMap<ProfileId, Vec<domain::RecordId>> = BTreeMap::new();
        for (record, profile) in all {
            people.entry(profile).or_default().push(record);
        }
        people.values_mut().for_each(|records| records.sort_unstable());
        people
    }

    pub async fn step(&mut self, n: usize) {
        let what = match self.dice.below(16) {
            0..=3 => {
                let fact = self.fact(n);
                self.write(fact).await;
                "late facts"
            }
            4 | 5 => {
                let at = self.dice.below(self.written.len());
                let (item, ..) = &self.written[at];
                let (stream, id) = (item.stream, item.id.clone());
                let again = match (stream, id[1..].parse::<usize>()) {
                    ("contacts", Ok(n)) => self.contact(n),
                    ("spend", _) => self.spend(),
                    ("rates", _) => self.rate(),
                    ("companies", _) => item.clone(),
                    (_, Ok(n)) => self.fact(n),
                    (_, Err(_)) => return,
                };
                self.write(again).await;
                "corrections"
            }
            6 => {
                let at = self.dice.below(self.written.len());
                self.delete(at).await;
                "deletions"
            }
            7 => {
                let Some((item, ..)) = self.written.iter().find(|(.., gone)| *gone) else {
                    return;
                };
                let item = item.clone();
                self.write(item).await;
                "returns"
            }
            8 | 9 => {
                let people: Vec<ProfileId> = self.people().await.into_keys().collect();
                if people.len() < 2 {
                    return;
                }
                let one = people[self.dice.below(people.len())];
                let other = people[self.dice.below(people.len())];
                match self.jobs.merge(&steward(), &[one, other]).await {
                    Ok(_) => "merges",
                    Err(JobError::Invalid(_)) => return,
                    Err(error) => panic!("{error}"),
                }
            }
            10 | 11 => {
                let people = self.people().await;
                let many: Vec<_> = people.into_iter().filter(|(_, r)| r.len() > 1).collect();
                if many.is_empty() {
                    return;
                }
                let (profile, records) = &many[self.dice.below(many.len())];
                let record = records[self.dice.below(records.len())];
                self.jobs.split(&steward(), *profile, &[record]).await.unwrap();
                "splits"
            }
            12 => {
                let people: Vec<ProfileId> = self.people().await.into_keys().collect();
                if people.is_empty() {
                    return;
                }
                let one = people[self.dice.below(people.len())];
                let stage =
                    [None, Some(Stage::Advocacy), Some(Stage::Consideration)][self.dice.below(3)];
                let until = (self.dice.below(2) == 0)
                    .then(|| self.clock.now().plus_millis(self.dice.below(20) as i64 * DAY + 1));
                match self.jobs.override_stage(&steward(), one, stage, "because", until).await {
                    Ok(_) => "overrides",
                    Err(JobError::Invalid(_)) => return,
                    Err(error) => panic!("{error}"),
                }
            }
            13 => {
                let n = self.dice.below(24);
                let contact = self.contact(n);
                self.write(contact).await;
                "contacts"
            }
            14 if self.dice.below(2) == 0 => {
                let rate = self.rate();
                self.write(rate).await;
                "rates"
            }
            14 => {
                let spend = self.spend();
                self.write(spend).await;
                "expenses"
            }
            _ => {
                // Clocks are set back too.
                let hours = self.dice.below(40) as i64 - 8;
                self.clock.0.fetch_add(hours * 3_600_000, Ordering::SeqCst);
                "hours"
            }
        };
        *self.counts.entry(what).or_default() += 1;
    }

    pub async fn settle(&mut self) {
        settle(&self.jobs).await;
        for kind in ["person", "company"] {
            let kind = ProfileKind::parse(kind).unwrap();
            let all = self.jobs.store.load_all_membership(kind).await.unwrap();
            self.ids.extend(all.into_values().map(|id| id.0));
        }
    }

    /// Everyone who may ever have had a share.
    fn contributors(&self) -> Vec<i64> {
        let spends = self.written.iter().filter(|(item, ..)| item.stream == "spend");
        let keys = spends.map(|(i, ..)| RecordKey::new(i.source, i.stream, &i.id).id().0);
        self.ids.iter().copied().chain(keys).collect()
    }

    /// Plain answers are what is known now, and what is saved is checked against them.
    pub async fn save(&mut self) {
        let epoch = self.jobs.store.find_epoch(None).await.unwrap().unwrap();
        let plain = cells(&self.jobs, None).await;
        assert_eq!(plain, cells(&self.jobs, Some(epoch.number)).await, "cells of the present");
        let sum = summed(&self.jobs, &self.contributors(), epoch.number).await;
        assert_eq!(plain, sum, "cells are sums of shares");
        let summed = self.jobs.store.summed_cells(&scope(), epoch.number).await.unwrap();
        assert_eq!(plain, lines(&summed), "and so says the audit");
        let known_at = epoch.closed;
        self.saved.push(Saved { profile: None, as_of: known_at, known_at, text: plain });
        let ids: Vec<i64> = self.ids.iter().copied().collect();
        let told = self.jobs.store.told(&scope(), &ids).await.unwrap();
        let stored = self.jobs.store.numbers(&scope(), &ids).await.unwrap();
        for _ in 0..5 {
            let profile = ids[self.dice.below(ids.len())];
            if let Some(told) = told.get(&profile) {
                assert_eq!(told.known_at, Some(known_at));
                let text = answer(&self.jobs, profile, &epoch, told.as_of).await;
                let (life, rest) = text.split_once('\n').unwrap();
                let (numbers, _) = rest.split_once('\n').unwrap();
                assert_eq!(numbers, stored[&profile].numbers, "numbers of {profile}");
                let row = self.jobs.store.profile(&scope(), ProfileId(profile)).await.unwrap();
                let row = row.unwrap();
                let stage = format!("stage: {:?}, stage_since: {:?},", row.stage, row.stage_since);
                assert!(life.contains(&stage), "{stage} in {life}");
            }
            let as_of = if self.dice.below(2) == 0 { known_at } else { self.dice.day() };
            let text = answer(&self.jobs, profile, &epoch, as_of).await;
            self.saved.push(Saved { profile: Some(profile), as_of, known_at, text });
        }
    }

    pub async fn ask_again(&self) {
        for saved in &self.saved {
            let epoch = self.jobs.store.find_epoch(Some(saved.known_at)).await.unwrap().unwrap();
            assert_eq!(epoch.closed, saved.known_at);
            let text = match saved.profile {
                Some(profile) => answer(&self.jobs, profile, &epoch, saved.as_of).await,
                None => cells(&self.jobs, Some(epoch.number)).await,
            };
            assert_eq!(text, saved.text, "{:?} at {}", saved.profile, saved.known_at);
        }
    }

    /// A merge that is taken back leaves every answer about the two as it was.
    pub async fn merge_and_split(&mut self) {
        self.settle().await;
        // Stages move with time: everything is as of the same moment before.
        self.jobs.derive(true).await.unwrap();
        let people: Vec<(ProfileId, Vec<domain::RecordId>)> =
            self.people().await.into_iter().filter(|(_, records)| records.len() == 1).collect();
        if people.len() < 2 {
            return;
        }
        let at = self.dice.below(people.len() - 1);
        let [(one, of_one), (other, of_other)] = &people[at..at + 2] else { unreachable!() };
        let as_of = self.clock.now();
        let both = async |journey: &Self, ids: [&ProfileId; 2]| {
            let epoch = journey.jobs.store.find_epoch(None).await.unwrap().unwrap();
            let mut text = String::new();
            for id in ids {
                let answer = answer(&journey.jobs, id.0, &epoch, as_of).await;
                writeln!(text, "{answer}").unwrap();
            }
            let cells = cells(&journey.jobs, Some(epoch.number)).await;
            (epoch, text, cells)
        };
        let (before, told, sums) = both(self, [one, other]).await;
        let living = self.jobs.merge(&steward(), &[*one, *other]).await.unwrap();
        let (_, merged, _) = both(self, [one, other]).await;
        assert_ne!(merged, told, "the merge shows");
        let retired = if living == *one { other } else { one };
        assert!(merged.contains(&format!("Within({living:?})")), "{retired:?}: {merged}");
        let records = if retired == one { of_one } else { of_other };
        self.jobs.split(&steward(), living, records).await.unwrap();
        // A record that bore the id of a record long gone is known by an id of its own afterwards.
        let records = [of_one[0], of_other[0]];
        let homes = self.jobs.store.load_membership(ProfileKind::Person, &records).await.unwrap();
        let ids = [&homes[&records[0]], &homes[&records[1]]];
        let (after, again, sums_again) = both(self, ids).await;
        assert!(after.number > before.number);
        assert_eq!(told, again, "answers after the split");
        assert_eq!(sums, sums_again, "sums after the split");
        *self.counts.entry("merges taken back").or_default() += 1;
    }
}
