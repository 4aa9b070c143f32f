//! Walks the timeline and keeps which rules hold; the stage is the latest one held.
//!
//! Owns the meaning of a rule over time: what lifts, what lowers, what expires and when. Refuses
//! overrides and status.

use crate::DEFAULT_RULE;
use crate::moments::{Moment, What};
use crate::rules::{Event, Move, OnlyIf, Rule, Rules, action_word, stage_word};
use domain::{Direction, Position, RecordId, Stage, Timestamp, Transition};
use std::collections::{BTreeMap, BTreeSet};

/// Most evidence records kept with a transition.
const EVIDENCE_MAX: usize = 5;

/// Why a rule holds.
#[derive(Clone, Debug)]
struct Hold {
    since: Timestamp,
    until: Option<Timestamp>,
    reason: String,
    evidence: Vec<RecordId>,
}

/// Why the stage may have fallen in this instant.
#[derive(Clone, Debug)]
struct Fall {
    rule: usize,
    reason: String,
    evidence: Vec<RecordId>,
}

struct Machine<'a> {
    rules: &'a [Rule],
    /// Words of `actions`, `stages` and `except_stages` as they are compared, by rule.
    words: Vec<BTreeSet<String>>,
    /// Rules by stage, then as configured.
    order: Vec<usize>,
    holds: Vec<Option<Hold>>,
    seen: Vec<u32>,
    open_deals: BTreeSet<RecordId>,
    /// Which records claim a stage, by the vendor's word.
    claimed: BTreeMap<String, BTreeSet<RecordId>>,
    payments: Vec<RecordId>,
    invoices: Vec<RecordId>,
    won: u32,
    had_subscription: bool,
    running: BTreeSet<RecordId>,
    life_start: Option<(Timestamp, Vec<RecordId>)>,
    fall: Option<Fall>,
}

/// The history that the rules alone give, oldest first; never empty.
pub(crate) fn run(moments: &[Moment], rules: &Rules, now: Timestamp) -> Vec<Transition> {
    let mut machine = Machine::new(&rules.rules);
    let mut steps: Vec<Transition> = Vec::new();
    let mut rest = moments;
    let mut looked_at: Option<Timestamp> = None;
    loop {
        let next = rest.first().map(|moment| moment.at);
        let at = match (next, machine.wakeup(looked_at)) {
            (Some(next), Some(wake)) => next.min(wake),
            (Some(at), None) | (None, Some(at)) => at,
            // A profile without facts: it is known, now.
            (None, None) if steps.is_empty() => now,
            (None, None) => break,
        };
        if at > now {
            break;
        }
        looked_at = Some(at);
        let before = machine.top();
        machine.fall = None;
        machine.expire(at);
        let count = rest.iter().take_while(|moment| moment.at <= at).count();
        let (present, later) = rest.split_at(count);
        for moment in present {
            machine.apply(moment);
            machine.start_life(at);
        }
        rest = later;
        machine.tenure(at);
        let from = steps.last().map(|step| step.to);
        if let Some(step) = machine.step(from, before, at) {
            steps.push(step);
        }
    }
    steps
}

impl<'a> Machine<'a> {
    fn new(rules: &'a [Rule]) -> Self {
        let words = rules.iter().map(|rule| {
            let actions = rule.when.actions.iter().map(|word| action_word(word));
            let stages = rule.when.stages.iter().chain(&rule.when.except_stages);
            actions.chain(stages.map(|word| stage_word(word))).collect()
        });
        let mut order: Vec<usize> = (0..rules.len()).collect();
        order.sort_by_key(|index| (rules.get(*index).map(|rule| rule.stage), *index));
        Self {
            rules,
            words: words.collect(),
            order,
            holds: vec![None; rules.len()],
            seen: vec![0; rules.len()],
            open_deals: BTreeSet::new(),
            claimed: BTreeMap::new(),
            payments: Vec::new(),
            invoices: Vec::new(),
            won: 0,
            had_subscription: false,
            running: BTreeSet::new(),
            life_start: None,
            fall: None,
        }
    }

    fn hold(&self, index: usize) -> Option<&Hold> {
        self.holds.get(index).and_then(Option::as_ref)
    }

    fn set(&mut self, index: usize, hold: Option<Hold>) {
        if let Some(slot) = self.holds.get_mut(index) {
            *slot = hold;
        }
    }

    /// The rule that decides the stage now: of the latest stage held, the first as configured.
    fn top(&self) -> Option<usize> {
        let mut best: Option<(Stage, usize)> = None;
        for index in &self.order {
            let Some(rule) = self.rules.get(*index) else { continue };
            let reached = best.map(|(stage, _)| stage);
            let allowed = rule.requires.is_none_or(|needed| reached >= Some(needed));
            if self.hold(*index).is_some() && allowed && reached < Some(rule.stage) {
                best = Some((rule.stage, *index));
            }
        }
        best.map(|(_, index)| index)
    }

    fn stage(&self) -> Stage {
        let top = self.top().and_then(|index| self.rules.get(index));
        top.map_or(Stage::Awareness, |rule| rule.stage)
    }

    fn is_customer(&self) -> bool {
        self.stage().position() >= Position::Purchase
    }

    fn has_left(&self) -> bool {
        self.had_subscription && self.running.is_empty()
    }

    /// The next instant, strictly after the last one looked at, at which something becomes true or
    /// false by the passing of time.
    fn wakeup(&self, after: Option<Timestamp>) -> Option<Timestamp> {
        let expiries = self.holds.iter().flatten().filter_map(|hold| hold.until);
        let all = expiries.chain(self.tenures().map(|(_, at)| at));
        all.filter(|at| Some(*at) > after).min()
    }

    /// Tenure rules that do not hold yet, with the instant from which they may.
    fn tenures(&self) -> impl Iterator<Item = (usize, Timestamp)> + '_ {
        let start = self.life_start.as_ref().map(|(at, _)| *at);
        let waits = start.filter(|_| !self.has_left());
        self.rules.iter().enumerate().filter_map(move |(index, rule)| {
            let days = rule.when.days.filter(|_| rule.when.event == Event::Tenure)?;
            let open = self.hold(index).is_none() && self.stands(rule.when.only_if);
            open.then_some((index, waits?.plus_days(days)))
        })
    }

    fn expire(&mut self, at: Timestamp) {
        for index in 0..self.rules.len() {
            let Some(hold) = self.hold(index).filter(|h| h.until.is_some_and(|until| until <= at))
            else {
                continue;
            };
            let days = self.rules.get(index).and_then(|rule| rule.lasts_days).unwrap_or_default();
            let fall = Fall {
                rule: index,
                reason: format!("{days} days have passed since: {}", hold.reason),
                evidence: hold.evidence.clone(),
            };
            self.drop_hold(index, fall);
        }
    }

    /// Removes a hold, and remembers why if it decided the stage.
    fn drop_hold(&mut self, index: usize, fall: Fall) {
        let decided = self.top() == Some(index);
        self.set(index, None);
        if decided {
            self.fall = Some(fall);
        }
    }

    fn stands(&self, condition: Option<OnlyIf>) -> bool {
        match condition {
            None => true,
            Some(OnlyIf::Customer) => self.is_customer(),
            Some(OnlyIf::NotCustomer) => !self.is_customer(),
            Some(OnlyIf::Churned) => self.is_customer() && self.has_left(),
        }
    }

    fn apply(&mut self, moment: &Moment) {
        let record = moment.record;
        match &moment.what {
            What::DealOpened => {
                self.open_deals.insert(record);
            }
            What::DealWon => {
                self.close_deal(moment, "the last open deal was won");
                self.won = self.won.saturating_add(1);
            }
            What::Paid => self.payments.push(record),
            What::InvoicePaid => self.invoices.push(record),
            What::SubscriptionStarted => {
                self.had_subscription = true;
                self.running.insert(record);
            }
            What::SubscriptionEnded => {
                self.running.remove(&record);
            }
            What::GivenBack(target) => self.give_back(*target, record),
            What::VendorStage(word) => {
                self.claimed.entry(word.clone()).or_default().insert(record);
            }
            What::VendorStageLeft(word) => self.unclaim(word, record),
            _ => {}
        }
        // Backward rules are judged by the standing before this moment's own effect, all at once,
        // so the order in which rules are written changes nothing but names.
        let matching: Vec<(usize, String)> =
            (0..self.rules.len()).filter_map(|i| Some((i, self.matches(i, moment)?))).collect();
        for (index, reason) in &matching {
            self.fire(*index, reason, moment);
        }
        if moment.what == What::DealLost {
            self.close_deal(moment, "the last open deal was lost");
        }
    }

    fn close_deal(&mut self, moment: &Moment, reason: &str) {
        self.open_deals.remove(&moment.record);
        if !self.open_deals.is_empty() {
            return;
        }
        for index in 0..self.rules.len() {
            let waits = self.rules.get(index).is_some_and(|r| r.when.event == Event::DealOpen);
            if waits && self.hold(index).is_some() {
                let (reason, evidence) = (reason.to_owned(), vec![moment.record]);
                self.drop_hold(index, Fall { rule: index, reason, evidence });
            }
        }
    }

    /// A source says that a stage was left for an earlier one: rules that it alone claimed cease to
    /// hold.
    fn unclaim(&mut self, word: &str, record: RecordId) {
        if let Some(records) = self.claimed.get_mut(word) {
            records.remove(&record);
        }
        for index in (0..self.rules.len()).rev() {
            let vendors = self.rules.get(index).is_some_and(|r| r.when.event == Event::VendorStage);
            let words = self.words.get(index).filter(|words| vendors && words.contains(word));
            let still = words.is_none_or(|words| {
                words.iter().any(|w| self.claimed.get(w).is_some_and(|by| !by.is_empty()))
            });
            if !still && self.hold(index).is_some() {
                let reason = format!("a source says that it is {word} no more");
                self.drop_hold(index, Fall { rule: index, reason, evidence: vec![record] });
            }
        }
    }

    /// A payment or invoice no longer counts: rules that needed it cease to hold.
    fn give_back(&mut self, target: RecordId, refund: RecordId) {
        self.payments.retain(|record| *record != target);
        self.invoices.retain(|record| *record != target);
        let left = self.purchases();
        for index in (0..self.rules.len()).rev() {
            let Some(rule) = self.rules.get(index).filter(|r| r.when.event == Event::Paid) else {
                continue;
            };
            if left < rule.when.nth.unwrap_or(1) as usize && self.hold(index).is_some() {
                let fall = Fall {
                    rule: index,
                    reason: "the payment was given back in full".to_owned(),
                    evidence: vec![refund, target],
                };
                self.drop_hold(index, fall);
            }
        }
        if left == 0 && self.won == 0 {
            self.life_start = None;
            for index in 0..self.rules.len() {
                if self.rules.get(index).is_some_and(|r| r.when.event == Event::Tenure) {
                    self.set(index, None);
                }
            }
        }
    }

    /// Purchases in this life; an invoice and its payment are one.
    fn purchases(&self) -> usize {
        self.payments.len().max(self.invoices.len())
    }

    /// Whether the moment is what the rule waits for, and if so the reason to show.
    fn matches(&mut self, index: usize, moment: &Moment) -> Option<String> {
        let rules = self.rules;
        let rule = rules.get(index)?;
        let words = self.words.get(index)?;
        let reason = match (rule.when.event, &moment.what) {
            (Event::Known, What::Known) => "the profile exists".to_owned(),
            (Event::ContactData, What::ContactData(stage)) => {
                let excepted = stage.as_ref().is_some_and(|stage| words.contains(stage));
                (!excepted).then(|| "contact data was given".to_owned())?
            }
            (Event::VendorStage, What::VendorStage(stage)) => {
                words.contains(stage).then(|| format!("a source says {stage}"))?
            }
            (Event::Touchpoint, What::Touch(action)) => {
                words.contains(action).then(|| format!("touchpoint {action}"))?
            }
            (Event::TicketCreated, What::Ticket) => "a support ticket was opened".to_owned(),
            (Event::DealOpen, What::DealOpened) => "a deal was opened".to_owned(),
            (Event::DealWon, What::DealWon) => "a deal was won".to_owned(),
            (Event::DealsAllLost, What::DealLost) => {
                let others = self.open_deals.iter().any(|deal| *deal != moment.record);
                (!others).then(|| "the last open deal was lost".to_owned())?
            }
            (Event::Paid, What::Paid | What::InvoicePaid) => "a payment was received".to_owned(),
            (Event::SubscriptionStarted, What::SubscriptionStarted) => {
                "a subscription began".to_owned()
            }
            (Event::SubscriptionsEnded, What::SubscriptionEnded) => {
                self.running.is_empty().then(|| "the last subscription ended".to_owned())?
            }
            (Event::Nps, What::Nps(score)) => {
                let enough = *score >= rule.when.min_score.unwrap_or(9) && *score <= 10;
                enough.then(|| format!("the likelihood to recommend is {score} of 10"))?
            }
            _ => return None,
        };
        if !self.stands(rule.when.only_if) {
            return None;
        }
        let count = if rule.when.event == Event::Paid {
            u32::try_from(self.purchases()).unwrap_or(u32::MAX)
        } else {
            let seen = self.seen.get_mut(index)?;
            *seen = seen.saturating_add(1);
            *seen
        };
        let nth = rule.when.nth.unwrap_or(1);
        if count < nth {
            return None;
        }
        let nth = if nth > 1 { format!("{reason}, number {count}") } else { reason };
        Some(if moment.guessed { format!("{nth} (the source gives no date)") } else { nth })
    }

    fn fire(&mut self, index: usize, reason: &str, moment: &Moment) {
        let Some(rule) = self.rules.get(index) else { return };
        let since = moment.at;
        let until = rule.lasts_days.map(|days| since.plus_days(days));
        let mut evidence = vec![moment.record];
        if rule.when.event == Event::Paid && rule.when.nth.unwrap_or(1) > 1 {
            let list = if moment.what == What::Paid { &self.payments } else { &self.invoices };
            let earlier = list.iter().rev().filter(|record| **record != moment.record);
            evidence.extend(earlier.take(EVIDENCE_MAX - 1));
        }
        match rule.direction {
            Move::Forward => {
                // Once held, the first reason stands; only the end of a window moves.
                let held = self.hold(index).is_some() && until.is_none();
                if !held {
                    self.set(
                        index,
                        Some(Hold { since, until, reason: reason.to_owned(), evidence }),
                    );
                }
            }
            Move::Backward => {
                if self.stage() <= rule.stage {
                    return;
                }
                self.lower(rule);
                if rule.restart {
                    self.begin_anew();
                }
                let (text, proof) = (reason.to_owned(), evidence.clone());
                self.set(index, Some(Hold { since, until, reason: text, evidence: proof }));
                self.fall = Some(Fall { rule: index, reason: reason.to_owned(), evidence });
            }
        }
    }

    /// Ends what holds a later stage. Rules that need an even later stage than the one fallen to
    /// sleep by themselves and wake when it is reached again, so they stay.
    fn lower(&mut self, to: &Rule) {
        for (hold, rule) in self.holds.iter_mut().zip(self.rules) {
            let sleeps = rule.requires.is_some_and(|needed| needed > to.stage);
            if rule.stage > to.stage && (to.restart || !sleeps) {
                *hold = None;
            }
        }
    }

    fn begin_anew(&mut self) {
        self.payments.clear();
        self.invoices.clear();
        self.won = 0;
        self.life_start = None;
        self.had_subscription = !self.running.is_empty();
        for seen in &mut self.seen {
            *seen = 0;
        }
    }

    /// The first purchase of a life starts the tenure.
    fn start_life(&mut self, at: Timestamp) {
        if self.life_start.is_none() && self.is_customer() {
            let proof = self.top().and_then(|index| self.hold(index));
            self.life_start = Some((at, proof.map(|h| h.evidence.clone()).unwrap_or_default()));
        }
    }

    fn tenure(&mut self, at: Timestamp) {
        let due: Vec<usize> =
            self.tenures().filter(|(_, from)| *from <= at).map(|(index, _)| index).collect();
        for index in due {
            let Some(rule) = self.rules.get(index) else { continue };
            let days = rule.when.days.unwrap_or_default();
            let evidence = self.life_start.as_ref().map(|(_, e)| e.clone()).unwrap_or_default();
            let until = rule.lasts_days.map(|days| at.plus_days(days));
            let reason = format!("{days} days have passed since the first purchase");
            self.set(index, Some(Hold { since: at, until, reason, evidence }));
        }
    }

    /// Of the rules that came to hold at `at`, the one with the latest stage.
    fn newest(&self, at: Timestamp) -> Option<&Hold> {
        let mut holds = self.order.iter().rev().filter_map(|index| self.hold(*index));
        holds.find(|hold| hold.since == at)
    }

    /// The transition of this instant, if the stage changed.
    fn step(
        &self,
        from: Option<Stage>,
        before: Option<usize>,
        at: Timestamp,
    ) -> Option<Transition> {
        let to = self.stage();
        if from == Some(to) {
            return None;
        }
        let direction = match from {
            None => Direction::Entry,
            Some(from) if to > from => Direction::Forward,
            Some(_) => Direction::Backward,
        };
        let top = self.top();
        let held = top.and_then(|index| self.hold(index));
        let name = |index: Option<usize>| {
            index.and_then(|i| self.rules.get(i)).map_or(DEFAULT_RULE, |rule| rule.id.as_str())
        };
        let (rule_id, reason, mut evidence) = match (direction, &self.fall) {
            (Direction::Backward, Some(fall)) => {
                (name(Some(fall.rule)), fall.reason.clone(), fall.evidence.clone())
            }
            (Direction::Backward, None) => {
                (name(before), "its rule no longer holds".to_owned(), Vec::new())
            }
            _ => {
                let reason = held.map_or("no rule holds", |hold| hold.reason.as_str());
                // A rule that slept until another one held again: name what woke it.
                match self.newest(at).filter(|_| held.is_some_and(|hold| hold.since < at)) {
                    Some(new) => {
                        let reason = format!("{}; before that: {reason}", new.reason);
                        (name(top), reason, new.evidence.clone())
                    }
                    None => (name(top), reason.to_owned(), Vec::new()),
                }
            }
        };
        for record in held.iter().flat_map(|hold| &hold.evidence) {
            if !evidence.contains(record) {
                evidence.push(*record);
            }
        }
        evidence.truncate(EVIDENCE_MAX);
        Some(Transition {
            from,
            to,
            direction,
            rule_id: rule_id.to_owned(),
            reason,
            occurred_at: at,
            evidence,
        })
    }
}
