//! The world: one company's customers over two years, told as a sequence of dated actions, so
//! that history and the days a `tick` adds come from the same rules and always agree.
//! Refuses: HTTP, real time, and telling anybody the truth except through [`Truth`].

mod billing;
mod changes;
mod leads;
mod sales;
mod spend;
mod support;
mod truth;

pub use changes::Stream;
pub use truth::{PairScore, RecordRef, RecordTruth, Truth, TruthKind};

use crate::calendar::{DAY, HOUR, add_months, days};
use crate::cast::Cast;
use crate::hubspot::Crm;
use crate::rng::Rng;
use crate::stripe::Ledger;
use crate::zendesk::Desk;
use std::collections::BTreeMap;

/// What a world is made of. The same configuration gives the same world, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldConfig {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// How many people the history has (a household may round it).
    pub people: u32,
    /// How many companies the history has.
    pub companies: u32,
    /// How many months the history covers.
    pub months: u32,
    /// The world's present, in milliseconds since 1970 UTC.
    pub now_ms: i64,
}

impl Default for WorldConfig {
    /// 5,000 people and 800 companies over 24 months up to noon UTC on 2026-09-01.
    fn default() -> Self {
        Self {
            seed: 360,
            people: 5_000,
            companies: 800,
            months: 24,
            now_ms: days(2026, 9, 1) * DAY + 12 * HOUR,
        }
    }
}

/// Something that is going to happen.
#[derive(Debug, Clone, Copy)]
enum Action {
    CompanyArrives(u32),
    PersonArrives(u32),
    FilesContact { person: u32, again: bool },
    RaisesStage { contact: u64, stage: usize },
    ChangesJob(u32),
    EditsContact(u64),
    MergesContacts(u64, u64),
    MergesCompanies(u64, u64),
    ArchivesContact(u64),
    OpensDeal(u32),
    MovesDeal { deal: u64, stage: usize },
    BuysForCompany { company: u32, deal: u64 },
    BuysForPerson(u32),
    Renews(usize),
    Finalizes(usize),
    Retries { invoice: usize, attempt: u32 },
    Transfers(usize),
    RequestsCancel(usize),
    Pauses(usize),
    Resumes(usize),
    ChangesQuantity(usize),
    Refunds(usize),
    JoinsDesk(u32),
    OpensTicket(u64),
    WorksTicket { ticket: u64, step: u8 },
    Day,
}

/// Where a person's records are.
#[derive(Debug, Default, Clone)]
struct PersonRecords {
    contacts: Vec<u64>,
    user: Option<u64>,
    customer: Option<usize>,
}

/// Where a company's records are.
#[derive(Debug, Default, Clone)]
struct CompanyRecords {
    objects: Vec<u64>,
    organization: Option<u64>,
    customer: Option<usize>,
    /// Its people that HubSpot knows, as (person, contact).
    contacts: Vec<(u32, u64)>,
}

/// The company's customers and what the three vendors hold of them.
#[derive(Debug)]
pub struct World {
    config: WorldConfig,
    now_ms: i64,
    sequence: u64,
    agenda: BTreeMap<(i64, u64), Action>,
    cast: Cast,
    people: Vec<PersonRecords>,
    companies: Vec<CompanyRecords>,
    agents: Vec<u64>,
    duplicates: Vec<(u64, u64)>,
    pub(crate) crm: Crm,
    pub(crate) desk: Desk,
    pub(crate) books: Ledger,
}

impl World {
    /// Makes the world and lives its history up to `config.now_ms`.
    #[must_use]
    pub fn new(config: WorldConfig) -> Self {
        let mut rng = Rng::new(config.seed, 1);
        let cast = Cast::new(&mut rng, config.people, config.companies);
        let start_ms = add_months(config.now_ms, -i64::from(config.months.max(1)));
        let mut world = Self {
            now_ms: start_ms,
            sequence: 0,
            agenda: BTreeMap::new(),
            people: vec![PersonRecords::default(); cast.people.len()],
            companies: vec![CompanyRecords::default(); cast.companies.len()],
            agents: Vec::new(),
            duplicates: Vec::new(),
            crm: Crm::default(),
            desk: Desk::default(),
            books: Ledger::new(config.seed, config.now_ms),
            cast,
            config,
        };
        world.hire_agents(start_ms);
        world.plan_arrivals(start_ms, &mut rng);
        world.schedule(world.config.now_ms + 6 * HOUR, Action::Day);
        let now_ms = world.config.now_ms;
        world.advance_to(now_ms);
        world
    }

    /// The configuration the world was made from.
    #[must_use]
    pub fn config(&self) -> &WorldConfig {
        &self.config
    }

    /// The world's present, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Lets time pass up to a moment; a moment in the past changes nothing.
    pub fn advance_to(&mut self, now_ms: i64) {
        while let Some(entry) = self.agenda.first_entry() {
            let (at_ms, sequence) = *entry.key();
            if at_ms > now_ms {
                break;
            }
            let action = entry.remove();
            self.now_ms = self.now_ms.max(at_ms);
            // every action has its own chance, so that one more does not shift all the others
            let mut rng = Rng::new(self.config.seed ^ 0xac71_0000, sequence);
            self.act(action, at_ms, &mut rng);
        }
        self.now_ms = self.now_ms.max(now_ms);
        self.books.forget(self.now_ms);
    }

    /// How many living records each vendor lists now, by vendor and stream.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<(&'static str, &'static str), usize> {
        use crate::hubspot::Kind;
        use crate::zendesk::TicketStatus;
        let mut counts = BTreeMap::new();
        for kind in Kind::ALL {
            let live = self.crm.table(kind).rows().filter(|o| o.archived_ms.is_none()).count();
            counts.insert(("hubspot", kind.name()), live);
        }
        let desk = &self.desk;
        let living = desk.users.rows().filter(|u| u.active).count();
        counts.insert(("zendesk", "users"), living);
        let living = desk.organizations.rows().filter(|o| o.deleted_ms.is_none()).count();
        counts.insert(("zendesk", "organizations"), living);
        let living = desk.tickets.rows().filter(|t| t.status != TicketStatus::Deleted).count();
        counts.insert(("zendesk", "tickets"), living);
        counts.insert(
            ("stripe", "customers"),
            self.books.customers.iter().filter(|c| !c.deleted).count(),
        );
        counts.insert(("stripe", "subscriptions"), self.books.subscriptions.len());
        counts.insert(("stripe", "invoices"), self.books.invoices.len());
        counts.insert(("stripe", "charges"), self.books.charges.len());
        counts.insert(("stripe", "refunds"), self.books.refunds.len());
        counts.insert(("stripe", "events"), self.books.events.len());
        counts
    }

    fn schedule(&mut self, at_ms: i64, action: Action) {
        self.sequence += 1;
        self.agenda.insert((at_ms.max(self.now_ms), self.sequence), action);
    }

    fn act(&mut self, action: Action, at_ms: i64, rng: &mut Rng) {
        match action {
            Action::CompanyArrives(company) => self.company_arrives(company, at_ms, rng),
            Action::PersonArrives(person) => self.person_arrives(person, at_ms, rng),
            Action::FilesContact { person, again } => self.file_contact(person, again, at_ms, rng),
            Action::RaisesStage { contact, stage } => self.raise_stage(contact, stage, at_ms, rng),
            Action::ChangesJob(person) => self.change_job(person, at_ms, rng),
            Action::EditsContact(contact) => self.edit_contact(contact, at_ms, rng),
            Action::MergesContacts(a, b) => self.merge_duplicates(a, b, at_ms, rng),
            Action::MergesCompanies(a, b) => self.merge_company_objects(a, b, at_ms, rng),
            Action::ArchivesContact(contact) => {
                self.crm.archive(crate::hubspot::Kind::Contacts, contact, at_ms);
            }
            Action::OpensDeal(company) => self.open_deal(company, at_ms, rng),
            Action::MovesDeal { deal, stage } => self.move_deal(deal, stage, at_ms, rng),
            Action::BuysForCompany { company, deal } => {
                self.buy_for_company(company, deal, at_ms, rng)
            }
            Action::BuysForPerson(person) => self.buy_for_person(person, at_ms, rng),
            Action::Renews(subscription) => self.renew(subscription, at_ms, rng),
            Action::Finalizes(invoice) => self.finalize(invoice, at_ms, rng),
            Action::Retries { invoice, attempt } => self.retry(invoice, attempt, at_ms, rng),
            Action::Transfers(invoice) => self.transfer(invoice, at_ms, rng),
            Action::RequestsCancel(subscription) => self.request_cancel(subscription, at_ms, rng),
            Action::Pauses(subscription) => self.pause(subscription, at_ms, rng),
            Action::Resumes(subscription) => self.resume(subscription, at_ms),
            Action::ChangesQuantity(subscription) => self.change_quantity(subscription, at_ms, rng),
            Action::Refunds(charge) => self.refund(charge, at_ms, rng),
            Action::JoinsDesk(person) => self.join_desk(person, at_ms, rng),
            Action::OpensTicket(user) => self.open_ticket(user, at_ms, rng),
            Action::WorksTicket { ticket, step } => self.work_ticket(ticket, step, at_ms, rng),
            Action::Day => self.live_a_day(at_ms, rng),
        }
    }

    /// A person's records, in a list that always has room for everybody.
    fn records(&mut self, person: u32) -> &mut PersonRecords {
        let at = person as usize;
        if at >= self.people.len() {
            self.people.resize(at + 1, PersonRecords::default());
        }
        &mut self.people[at]
    }

    /// A company's records, in a list that always has room for all.
    fn company_records(&mut self, company: u32) -> &mut CompanyRecords {
        let at = company as usize;
        if at >= self.companies.len() {
            self.companies.resize(at + 1, CompanyRecords::default());
        }
        &mut self.companies[at]
    }
}
