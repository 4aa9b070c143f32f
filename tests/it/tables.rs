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
        alert alert_event audit_entry company company_block_key contact deal decision
        dirty_contributor dirty_household dirty_record dirty_tie employer_version employment
        exchange_rate explanation field_override household household_facts household_key
        household_member identifier
        identity_cause identity_event identity_model invoice known_epoch model_fit payment person_block_key
        profile profile_fact profile_field profile_group profile_group_past profile_link profile_member profile_member_past
        profile_numbers profile_redirect quarantine record_block record_link record_link_past
        record_past refund review rollup_cell rollup_cell_past rollup_change rollup_part
        rollup_part_past rule_text setting source_record source_record_version spend
        stage_override stage_transition subscription survey_response sync_state ticket touchpoint
        usage_event
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
