//! The entities are the tables: every column is there, of a type that can be read; on both databases.

use crate::database::{TestDb, on_both};
use sea_orm::{Database, EntityTrait, Iterable};

on_both!(every_entity_reads_its_table, async |db: &TestDb| {
    let connection = Database::connect(&db.url).await.unwrap();
    let mut tables = 0;
    macro_rules! read {
        ($($module:ident)*) => {$(
            entity::$module::Entity::find().all(&connection).await
                .unwrap_or_else(|e| panic!("{}: {e}", stringify!($module)));
            assert!(entity::$module::Column::iter().count() > 0);
            tables += 1;
        )*};
    }
    read! {
        audit_entry company contact deal decision demoted_identifier dirty_contributor dirty_record
        explanation identifier identity_event invoice payment profile profile_fact profile_field
        profile_link profile_member profile_numbers profile_redirect quarantine record_link refund
        review rollup_cell rollup_part setting source_record source_record_version spend
        stage_override stage_transition subscription survey_response sync_state ticket touchpoint
    }
    let files = std::fs::read_dir(crate::support::root().join("entity/src")).unwrap().count();
    assert_eq!(tables, files - 1, "every entity but lib.rs");
    connection.close().await.unwrap();
});

on_both!(migrating_twice_changes_nothing, async |db: &TestDb| {
    assert_eq!(db.store.migrate().await.unwrap(), 0);
    db.store.check_schema().await.unwrap();
    db.store.ping().await.unwrap();
});
