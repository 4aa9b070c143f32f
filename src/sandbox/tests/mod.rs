//! wip
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
use crate::world::*;
#[test]
fn stats() {
    let t = std::time::Instant::now();
    let w = World::new(WorldConfig::default());
    println!("{:?} {:#?}", t.elapsed(), w.counts());
    let t = std::time::Instant::now();
    let truth = w.truth();
    println!("{:?} truth {} persons {} companies {}", t.elapsed(), truth.len(), truth.clusters(TruthKind::Person).len(), truth.clusters(TruthKind::Company).len());
    let multi = truth.clusters(TruthKind::Person).iter().filter(|c| c.len() > 1).count();
    println!("multi {multi}");
    let mut st = std::collections::BTreeMap::new();
    for s in &w.books.subscriptions { *st.entry(s.status.name()).or_insert(0) += 1; }
    for s in &w.books.invoices { *st.entry(s.status.name()).or_insert(0) += 1; }
    println!("{st:?}");
    println!("{:?}", w.books.customers.iter().take(5).collect::<Vec<_>>());
    for c in w.crm.table(crate::hubspot::Kind::Contacts).rows().take(12) { println!("{c:?}"); }
    println!("{}", w.spend_csv().lines().take(8).collect::<Vec<_>>().join("\n"));
}
