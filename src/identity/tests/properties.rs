//! Properties over generated records: order, locality, decisions, explanations, no panic.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

const NAMES: &[&str] = &[
    "Ann Smith",
    "Anne Smith",
    "A Smith",
    "Bob Smith",
    "Robert Smith",
    "Ann Jones",
    "Smith",
    "",
    "Jo Kim",
    "Kim Jo",
    "Smith Ann",
    "Kiku Smith",
    "asmith",
];
const MAILS: &[&str] = &[
    "",
    "a@acme.com",
    "b@acme.com",
    "c@web.de",
    "d@globex.org",
    "a@acme.com,c@web.de",
    "ann.smith@globex.org",
    "asmith@web.de",
    "annsmith@gmail.com",
    "family.smith@web.de",
    "jo@acme.io",
];
const PHONES: &[&str] = &["", "", "+14155550101", "+14155550102", "+4930901820"];

prop_compose! {
    fn any_person()(source in 0..3usize, id in 0..40u32, name in 0..NAMES.len(), mail in 0..MAILS.len(),
                    phone in 0..PHONES.len(), refers in prop::option::weighted(0.15, 0..40u32)) -> IdentityRecord {
        let text = format!("{}|{}|{}", NAMES[name], MAILS[mail], PHONES[phone]);
        let stated: Vec<String> = refers.iter().map(|r| format!("s0.contacts:{r}")).collect();
        let stated: Vec<&str> = stated.iter().map(String::as_str).collect();
        person_with(&format!("s{source}"), &id.to_string(), &text, &stated, &some_rules())
    }
}

fn some_rules() -> Rules {
    Rules { unique_sources: vec!["s2".into()], large_cluster: 6, ..Rules::default() }
}

/// Records with distinct ids, and decisions among them.
fn world() -> impl Strategy<Value = (Vec<IdentityRecord>, Vec<Decision>)> {
    prop::collection::vec(any_person(), 1..40).prop_flat_map(|records| {
        let records: Vec<IdentityRecord> = records
            .into_iter()
            .map(|r| (r.id, r))
            .collect::<BTreeMap<_, _>>()
            .into_values()
            .collect();
        let n = records.len();
        let decisions = prop::collection::vec((0..n, 0..n, 0..3usize, 0..50i64), 0..6);
        (Just(records), decisions).prop_map(|(records, picks)| {
            let decisions = picks
                .into_iter()
                .filter(|(a, b, _, _)| a != b)
                .map(|(a, b, v, at)| decide(&records[a], &records[b], Verdict::ALL[v], at))
                .collect();
            (records, decisions)
        })
    })
}

static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| Knowledge::unlearned(ProfileKind::Person));

fn go(records: &[IdentityRecord], decisions: &[Decision]) -> Resolution {
    resolve(records, decisions, &some_rules(), &KNOWLEDGE)
}

fn groups(resolution: &Resolution) -> BTreeSet<Vec<RecordId>> {
    resolution.clusters.iter().map(|c| c.members.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_does_not_matter((records, decisions) in world(), seed in any::<u64>()) {
        let first = go(&records, &decisions);
        let (mut shuffled, mut turned) = (records, decisions);
        shuffled.sort_by_key(|r| (r.id.0 as u64).wrapping_mul(seed | 1));
        turned.reverse();
        prop_assert_eq!(first, go(&shuffled, &turned));
    }

    #[test]
    fn records_from_their_forms_resolve_together_as_they_do_at_once((records, decisions) in world()) {
        let mut bench = Workbench::new(Arc::new(KNOWLEDGE.clone()));
        let mut ids = Vec::new();
        for record in records.iter().rev() {
            let form = serde_json::to_string(&record.to_form()).unwrap();
            let form = serde_json::from_str(&form).unwrap();
            let kept = IdentityRecord::from_form(record.id, record.kind, form);
            prop_assert_eq!(&kept, record);
            bench.add(kept);
            // Looked at in between, as a run does that goes from one to the next.
            ids.push(record.id);
            prop_assert_eq!(bench.keys(&[record.id]), vec![block_keys(record, &KNOWLEDGE)]);
        }
        let all = go(&records, &decisions);
        prop_assert_eq!(&bench.resolve(&ids, &decisions, &some_rules()), &all);
        let pairs: Vec<(RecordId, RecordId)> = ids
            .iter()
            .flat_map(|a| ids.iter().map(move |b| (*a, *b)))
            .filter(|(a, b)| a < b)
            .collect();
        let linked = bench.links(&pairs);
        prop_assert!(all.links.iter().all(|pair| linked.contains(pair)));
    }

    #[test]
    fn a_component_alone_resolves_as_it_does_among_all((records, decisions) in world()) {
        let all = go(&records, &decisions);
        let keys: Vec<Vec<i64>> = records.iter().map(|r| block_keys(r, &KNOWLEDGE)).collect();
        let mut component: Vec<usize> = (0..records.len()).collect();
        loop {
            let mut changed = false;
            for i in 0..records.len() {
                for j in 0..i {
                    let linked = records[i].identifiers.iter().any(|v| records[j].identifiers.contains(v))
                        || keys[i].iter().any(|key| keys[j].contains(key))
                        || decisions.iter().any(|d| {
                            (d.left, d.right) == (records[i].id.min(records[j].id), records[i].id.max(records[j].id))
                        });
                    if linked && component[i] != component[j] {
                        let low = component[i].min(component[j]);
                        component[i] = low;
                        component[j] = low;
                        changed = true;
                    }
                }
            }
            if !changed { break; }
        }
        let mut found = BTreeSet::new();
        let mut reviews = BTreeSet::new();
        for part in component.iter().copied().collect::<BTreeSet<_>>() {
            let own: Vec<IdentityRecord> = records.iter().zip(&component)
                .filter(|(_, c)| **c == part).map(|(r, _)| r.clone()).collect();
            let alone = go(&own, &decisions);
            found.extend(groups(&alone));
            reviews.extend(alone.reviews.iter().map(|r| (r.left, r.right, r.reason)));
        }
        prop_assert_eq!(found, groups(&all));
        let among: BTreeSet<_> = all.reviews.iter().map(|r| (r.left, r.right, r.reason)).collect();
        prop_assert_eq!(reviews, among);
    }

    #[test]
    fn every_record_is_in_one_cluster_and_joins_span_it((records, decisions) in world()) {
        let r = go(&records, &decisions);
        let mut seen: Vec<RecordId> = r.clusters.iter().flat_map(|c| c.members.clone()).collect();
        seen.sort_unstable();
        let mut ids: Vec<RecordId> = records.iter().map(|r| r.id).collect();
        ids.sort_unstable();
        prop_assert_eq!(seen, ids);
        for cluster in &r.clusters {
            prop_assert_eq!(cluster.joins.len() + 1, cluster.members.len());
            let mut reached: BTreeSet<RecordId> = cluster.members.iter().take(1).copied().collect();
            for _ in 0..cluster.members.len() {
                for j in &cluster.joins {
                    if reached.contains(&j.left) || reached.contains(&j.right) {
                        reached.extend([j.left, j.right]);
                    }
                }
            }
            prop_assert_eq!(reached.into_iter().collect::<Vec<_>>(), cluster.members.clone());
            for j in &cluster.joins {
                let total: f64 = j.evidence.iter().map(|e| e.weight).sum();
                prop_assert!((total - j.weight).abs() < 1e-9, "the waterfall adds up");
            }
        }
    }

    #[test]
    fn decisions_hold((records, decisions) in world()) {
        let r = go(&records, &decisions);
        let mut latest: BTreeMap<(RecordId, RecordId), (Timestamp, usize)> = BTreeMap::new();
        for d in &decisions {
            let care = match d.verdict { Verdict::Same => 0, Verdict::Unsure => 1, Verdict::Different => 2 };
            let entry = latest.entry((d.left, d.right)).or_insert((d.decided_at, care));
            *entry = (*entry).max((d.decided_at, care));
        }
        for ((a, b), (_, care)) in latest {
            match care {
                2 => prop_assert!(!together(&r, a, b)),
                0 => prop_assert!(
                    together(&r, a, b)
                        || r.reviews.iter().any(|p| p.reason == ReviewReason::DecisionsContradict)
                ),
                _ => {}
            }
        }
    }

    #[test]
    fn a_merge_taken_apart_leaves_what_never_merging_leaves((records, _) in world()) {
        let before = go(&records, &[]);
        if before.clusters.len() < 2 { return Ok(()); }
        let find = |id: RecordId| records.iter().find(|r| r.id == id).unwrap();
        let (a, b) = (find(before.clusters[0].members[0]), find(before.clusters[1].members[0]));
        let merge = decide(a, b, Verdict::Same, 1);
        let split = decide(a, b, Verdict::Different, 2);
        let merged = go(&records, std::slice::from_ref(&merge));
        let after = go(&records, &[merge, split]);
        prop_assert!(together(&merged, a.id, b.id));
        prop_assert_eq!(groups(&before), groups(&after));
        // Ids too, where the merge united two profiles and did nothing else. (A steward's join can
        // also make records of a third profile choose otherwise; those then changed hands twice.)
        let mut united = groups(&before);
        let mut both: Vec<RecordId> = [&before.clusters[0], &before.clusters[1]]
            .iter().flat_map(|c| c.members.clone()).collect();
        both.sort_unstable();
        for cluster in &before.clusters[..2] { united.remove(&cluster.members); }
        united.insert(both);
        if united != groups(&merged) { return Ok(()); }
        let mut store = super::ids::Store::default();
        store.apply(&before, &records);
        let first = store.members();
        store.apply(&merged, &records);
        store.apply(&after, &records);
        prop_assert_eq!(first, store.members());
        prop_assert!(store.redirects.is_empty(), "a revived id redirects nowhere");
    }

    #[test]
    fn nothing_panics_on_any_text(parts in prop::collection::vec(".{0,60}", 9)) {
        let pii = |i: usize| Some(Pii::new(parts[i].as_str()));
        let contact = Contact {
            full_name: pii(0), given_name: pii(1), family_name: pii(2),
            emails: vec![Pii::new(parts[3].as_str()), Pii::new(format!("{}@{}.com", parts[4], parts[5]))],
            phones: vec![Pii::new(parts[6].as_str()), Pii::new(format!("+{}", parts[7]))],
            company_name: Some(parts[8].clone()),
            address: Address { street: pii(0), city: pii(1), postal_code: pii(2), country: Some(parts[3].clone()), region: None },
            ..Contact::default()
        };
        let firm = Company {
            name: Some(parts[0].clone()), domains: vec![parts[1].clone()], emails: vec![Pii::new(parts[2].as_str())],
            phones: vec![Pii::new(parts[4].as_str())], address: contact.address.clone(), ..Company::default()
        };
        let key = RecordKey::new("s", "t", "1");
        let rules = Rules { default_country: Some("US".into()), ..Rules::default() };
        let one = person_record(RecordId(1), &key, &contact, &[], 1, &rules, &[]);
        let two = IdentityRecord { id: RecordId(2), ..one.clone() };
        let three = company_record(RecordId(3), &key, &firm, &[], 1, &rules);
        let four = IdentityRecord { id: RecordId(4), ..three.clone() };
        let r = resolve(&[one, two, three, four], &[], &rules, &KNOWLEDGE);
        prop_assert!(r.clusters.len() >= 2, "a person and a company never join");
        let input = |c, f| GoldenInput { record: RecordId(1), source: "s", updated: 1, contact: c, company: f };
        let _ = crate::golden(domain::ProfileKind::Person, &[input(Some(&contact), None)], &rules);
        let _ = crate::golden(domain::ProfileKind::Company, &[input(None, Some(&firm))], &rules);
    }
}

#[test]
fn a_record_has_the_same_keys_alone_as_among_all_others() {
    // Two hundred namesakes whose employers alone part their block, each named in another order.
    let people: Vec<IdentityRecord> = (0..200)
        .map(|i| {
            let key = RecordKey::new("crm", "contacts", i.to_string());
            let employer = |n: usize| format!("Firm{} Works", "abcdefghij".repeat(1 + n % 9));
            let employers = [employer(200 - i), employer(i)];
            let contact = contact("John Smith");
            person_record(key.id(), &key, &contact, &[], 1, &Rules::default(), &employers)
        })
        .collect();
    let knowledge = Knowledge::learn(ProfileKind::Person, &people, &[]);
    let among_all = block_keys_of(&people, &knowledge);
    let distinct: BTreeSet<&Vec<i64>> = among_all.iter().collect();
    assert!(distinct.len() > 1, "the block was parted");
    for (person, keys) in people.iter().zip(&among_all) {
        assert_eq!(&block_keys(person, &knowledge), keys);
    }
}
