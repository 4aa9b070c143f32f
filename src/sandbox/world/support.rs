//! The service desk: users and organisations appear, tickets are opened, answered, solved,
//! reopened, rated and closed.

use super::{Action, World};
use crate::calendar::{DAY, HOUR, MINUTE, SECOND};
use crate::cast::System;
use crate::rng::Rng;
use crate::zendesk::{Organization, Satisfaction, Ticket, TicketStatus, User};

static SUBJECTS: &[(&str, &str)] = &[
    ("Cannot log in", "problem"),
    ("Password reset mail does not arrive", "problem"),
    ("Invoice shows the wrong address", "question"),
    ("How do I add a colleague?", "question"),
    ("Export stops half-way", "problem"),
    ("Question about pricing", "question"),
    ("Please cancel my trial", "task"),
    ("Charged twice this month", "incident"),
    ("Need a copy of the contract", "task"),
    ("Integration with our CRM fails", "problem"),
    ("Slow since this morning", "incident"),
    ("Change the billing contact", "task"),
    ("Error 500 when saving", "incident"),
    ("Feature request: dark mode", "question"),
    ("Data import has strange characters", "problem"),
    ("Where is the API documentation?", "question"),
    ("Two-factor code is not accepted", "problem"),
    ("Refund for unused seats", "task"),
    ("Mobile app crashes on start", "incident"),
    ("Update our VAT number", "task"),
    ("Report shows different totals", "problem"),
    ("Account was locked", "incident"),
    ("Upgrade to a larger plan", "question"),
    ("Training for new employees", "question"),
];

static PRAISE: [&str; 4] =
    ["Quick and friendly", "Solved at once, thank you", "Very helpful", "Great support"];
static BLAME: [&str; 4] = [
    "Took far too long",
    "Not solved at all",
    "Had to explain it three times",
    "Unfriendly answer",
];

/// The steps a ticket goes through.
const ASSIGN: u8 = 0;
const REPLY: u8 = 1;
const ANSWER: u8 = 2;
const SOLVE: u8 = 3;
const RATE: u8 = 4;
const REOPEN: u8 = 5;
const CLOSE: u8 = 6;
const DELETE: u8 = 7;

impl World {
    /// Our own staff at the desk; they are nobody's customers.
    pub(super) fn hire_agents(&mut self, at_ms: i64) {
        let mut rng = Rng::new(self.config.seed, 3);
        for name in [
            "Support Bot",
            "Nadia Brennan",
            "Tomás Quiroga",
            "Ines Falk",
            "Owen Marsh",
            "Priti Dholakia",
        ] {
            let id = self.desk.new_id(&mut rng);
            let mail = format!("{}@sandbox.example", crate::text::ascii(&name.replace(' ', "")));
            self.desk.claim_mail(id, &mail);
            let user = User {
                id,
                name: name.to_owned(),
                mail: Some(mail),
                phone: None,
                organization: None,
                external_id: None,
                notes: None,
                active: true,
                role: if self.agents.is_empty() { "admin" } else { "agent" },
                verified: true,
                suspended: false,
                time_zone: ("Eastern Time (US & Canada)", "America/New_York"),
                locale: ("en-US", 1),
                created_ms: at_ms,
                updated_ms: at_ms,
                person: None,
            };
            self.desk.users.write(id, user, at_ms + SECOND);
            self.agents.push(id);
        }
    }

    pub(super) fn join_desk(&mut self, person: u32, at_ms: i64, rng: &mut Rng) {
        if self.records(person).user.is_some() {
            return;
        }
        let Some(p) = self.cast.person(person).cloned() else { return };
        let spelling = self.cast.spell(&p, System::Zendesk, rng);
        let id = self.desk.new_id(rng);
        let mail = spelling.mail.clone().filter(|m| self.desk.claim_mail(id, m));
        let name = match rng.below(40) {
            0 | 1 => format!("{}, {}", spelling.last, spelling.first),
            2 => spelling.first.clone(),
            3 => mail
                .as_deref()
                .and_then(|m| m.split('@').next())
                .unwrap_or(&spelling.first)
                .to_owned(),
            _ => spelling.full(),
        };
        let organization =
            p.company.filter(|_| rng.chance(0.8)).map(|c| self.ensure_organization(c, at_ms, rng));
        let records = self.records(person).clone();
        let contact = records.contacts.first().map(|c| format!("hubspot:{c}"));
        let customer =
            records.customer.and_then(|c| self.books.customers.get(c)).map(|c| c.id.clone());
        let external_id = customer.or(contact).filter(|_| rng.chance(0.2));
        let user = User {
            id,
            name,
            mail,
            phone: spelling.phone,
            organization,
            external_id,
            notes: None,
            active: true,
            role: "end-user",
            verified: rng.chance(0.7),
            suspended: false,
            time_zone: p.country.time_zone,
            locale: p.country.locale,
            created_ms: at_ms,
            updated_ms: at_ms,
            person: Some(person),
        };
        self.desk.users.write(id, user, at_ms + SECOND);
        self.records(person).user = Some(id);
        self.schedule(at_ms + MINUTE, Action::OpensTicket(id));
        if let Some(company) = p.company
            && rng.chance(0.05)
        {
            self.join_role_mailbox(company, organization, at_ms, rng);
        }
    }

    /// A mailbox several people of a company write from.
    fn join_role_mailbox(
        &mut self,
        company: u32,
        organization: Option<u64>,
        at_ms: i64,
        rng: &mut Rng,
    ) {
        let Some(c) = self.cast.company(company) else { return };
        let (local, name) = rng
            .pick(&[
                ("it", "IT Department"),
                ("ap", "Accounts Payable"),
                ("office", "Office"),
                ("billing", "Billing"),
            ])
            .copied()
            .unwrap_or(("office", "Office"));
        let mail = format!("{local}@{}", c.domain);
        let (phone, time_zone, locale) =
            (c.switchboard.e164(), c.country.time_zone, c.country.locale);
        let id = self.desk.new_id(rng);
        if !self.desk.claim_mail(id, &mail) {
            return;
        }
        let user = User {
            id,
            name: name.to_owned(),
            mail: Some(mail),
            phone: rng.chance(0.5).then_some(phone),
            organization,
            external_id: None,
            notes: None,
            active: true,
            role: "end-user",
            verified: true,
            suspended: false,
            time_zone,
            locale,
            created_ms: at_ms,
            updated_ms: at_ms,
            person: None,
        };
        self.desk.users.write(id, user, at_ms + SECOND);
        self.schedule(at_ms + HOUR, Action::OpensTicket(id));
    }

    fn ensure_organization(&mut self, company: u32, at_ms: i64, rng: &mut Rng) -> u64 {
        if let Some(id) = self.company_records(company).organization {
            return id;
        }
        let object = self.company_records(company).objects.first().copied();
        let id = self.desk.new_id(rng);
        if let Some(c) = self.cast.company(company) {
            let mut domains = Vec::new();
            if rng.chance(0.8) {
                domains.push(c.domain.clone());
                domains.extend(c.alt_domain.clone().filter(|_| rng.chance(0.5)));
            }
            let organization = Organization {
                id,
                name: c.named(rng.next_u64()),
                domains,
                external_id: object.filter(|_| rng.chance(0.12)).map(|o| format!("hubspot:{o}")),
                created_ms: at_ms,
                updated_ms: at_ms,
                deleted_ms: None,
                company: Some(company),
            };
            self.desk.organizations.write(id, organization, at_ms + SECOND);
        }
        self.company_records(company).organization = Some(id);
        id
    }

    /// A service desk that learns of a purchase keeps the customer's number with the user.
    pub(super) fn point_user_at_customer(
        &mut self,
        person: u32,
        customer: usize,
        at_ms: i64,
        rng: &mut Rng,
    ) {
        let Some(user) = self.records(person).user.filter(|_| rng.chance(0.15)) else { return };
        let Some(id) = self.books.customers.get(customer).map(|c| c.id.clone()) else { return };
        self.desk.users.rewrite(user, at_ms + SECOND, |u| {
            u.external_id = Some(id);
            u.updated_ms = at_ms;
        });
    }

    pub(super) fn open_ticket(&mut self, user: u64, at_ms: i64, rng: &mut Rng) {
        let Some(u) = self.desk.users.find(user).filter(|u| u.active && !u.suspended) else {
            return;
        };
        let (organization, person) = (u.organization, u.person);
        let id = self.desk.new_ticket_id();
        let (subject, kind) = rng.pick(SUBJECTS).copied().unwrap_or(("Question", "question"));
        let channels =
            [("email", 50), ("web", 22), ("chat", 12), ("voice", 6), ("api", 6), ("messaging", 4)];
        let channel = channels.get(rng.weighted(&channels.map(|c| c.1))).map_or("email", |c| c.0);
        let priorities = [None, Some("low"), Some("normal"), Some("high"), Some("urgent")];
        let ticket = Ticket {
            id,
            subject,
            kind,
            priority: priorities.get(rng.weighted(&[20, 15, 45, 15, 5])).copied().flatten(),
            status: TicketStatus::New,
            channel,
            requester: user,
            organization,
            assignee: None,
            satisfaction: Satisfaction::Unoffered,
            comments: 1,
            replies: 0,
            reopens: 0,
            created_ms: at_ms,
            updated_ms: at_ms,
            assigned_ms: None,
            first_reply_ms: None,
            first_solved_ms: None,
            solved_ms: None,
            status_ms: at_ms,
        };
        self.desk.tickets.write(id, ticket, at_ms + SECOND);
        if rng.chance(0.006) {
            self.schedule(at_ms + HOUR, Action::WorksTicket { ticket: id, step: DELETE });
        } else {
            self.schedule(
                at_ms + MINUTE + rng.wait(2 * HOUR),
                Action::WorksTicket { ticket: id, step: ASSIGN },
            );
        }
        let pays = person.is_some_and(|p| self.records(p).customer.is_some());
        let gap = if pays { 70 * DAY } else { 190 * DAY };
        self.schedule(at_ms + DAY + rng.wait(gap), Action::OpensTicket(user));
    }

    pub(super) fn work_ticket(&mut self, ticket: u64, step: u8, at_ms: i64, rng: &mut Rng) {
        let agent = rng.pick(&self.agents).copied();
        let offered = rng.chance(0.75);
        let (rates, good, worded) = (rng.chance(0.38), rng.chance(0.84), rng.chance(0.4));
        let comment = worded.then(|| rng.word(if good { &PRAISE } else { &BLAME }));
        let long = rng.chance(0.35);
        let mut next = None;
        self.desk.tickets.rewrite(ticket, at_ms + SECOND, |t| {
            if matches!(t.status, TicketStatus::Closed | TicketStatus::Deleted) {
                return;
            }
            t.updated_ms = at_ms;
            let mut enter = |status| {
                t.status = status;
                t.status_ms = at_ms;
            };
            match step {
                ASSIGN => {
                    enter(TicketStatus::Open);
                    t.assignee = agent;
                    t.assigned_ms = Some(at_ms);
                    next = Some((REPLY, 3 * HOUR));
                }
                REPLY => {
                    enter(if long { TicketStatus::Pending } else { TicketStatus::Open });
                    t.replies += 1;
                    t.comments += 1;
                    t.first_reply_ms = t.first_reply_ms.or(Some(at_ms));
                    next = Some(if long { (ANSWER, DAY) } else { (SOLVE, 8 * HOUR) });
                }
                ANSWER => {
                    enter(if good { TicketStatus::Open } else { TicketStatus::Hold });
                    t.comments += 1;
                    next = Some(if good { (SOLVE, 10 * HOUR) } else { (REPLY, 2 * DAY) });
                }
                SOLVE => {
                    enter(TicketStatus::Solved);
                    t.replies += 1;
                    t.comments += 1;
                    t.solved_ms = Some(at_ms);
                    t.first_solved_ms = t.first_solved_ms.or(Some(at_ms));
                    if offered {
                        t.satisfaction = Satisfaction::Offered;
                    }
                    next = Some(match (offered && rates, worded && !good) {
                        (_, true) if t.reopens == 0 => (REOPEN, DAY),
                        (true, _) => (RATE, DAY),
                        _ => (CLOSE, 4 * DAY),
                    });
                }
                RATE => {
                    t.satisfaction = Satisfaction::Rated { good, comment };
                    next = Some((CLOSE, 4 * DAY));
                }
                REOPEN => {
                    enter(TicketStatus::Open);
                    t.reopens += 1;
                    t.comments += 1;
                    t.solved_ms = None;
                    next = Some((SOLVE, DAY));
                }
                CLOSE => enter(TicketStatus::Closed),
                _ => enter(TicketStatus::Deleted),
            }
        });
        if let Some((step, mean)) = next {
            self.schedule(
                at_ms + 5 * MINUTE + rng.wait(mean),
                Action::WorksTicket { ticket, step },
            );
        }
    }
}
