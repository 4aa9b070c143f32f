//! The tables as SeaORM entities: one file per table.
//!
//! Owns column names and types. Refuses logic, relations and queries: those stand in `store`.
//! Debug output of rows shows personal data, so rows never leave `store`.
#![allow(missing_docs)] // SeaORM generates public items without documentation

pub mod alert;
pub mod alert_event;
pub mod audit_entry;
pub mod company;
pub mod company_block_key;
pub mod contact;
pub mod deal;
pub mod decision;
pub mod dirty_contributor;
pub mod dirty_household;
pub mod dirty_record;
pub mod dirty_tie;
pub mod employer_version;
pub mod employment;
pub mod explanation;
pub mod field_override;
pub mod household;
pub mod household_facts;
pub mod household_key;
pub mod household_member;
pub mod identifier;
pub mod identity_cause;
pub mod identity_event;
pub mod identity_model;
pub mod invoice;
pub mod known_epoch;
pub mod payment;
pub mod person_block_key;
pub mod profile;
pub mod profile_fact;
pub mod profile_field;
pub mod profile_group;
pub mod profile_group_past;
pub mod profile_link;
pub mod profile_member;
pub mod profile_member_past;
pub mod profile_numbers;
pub mod profile_redirect;
pub mod quarantine;
pub mod record_block;
pub mod record_link;
pub mod record_link_past;
pub mod record_past;
pub mod refund;
pub mod review;
pub mod rollup_cell;
pub mod rollup_cell_past;
pub mod rollup_change;
pub mod rollup_part;
pub mod rollup_part_past;
pub mod rule_text;
pub mod setting;
pub mod source_record;
pub mod source_record_version;
pub mod spend;
pub mod stage_override;
pub mod stage_transition;
pub mod subscription;
pub mod survey_response;
pub mod sync_state;
pub mod ticket;
pub mod touchpoint;
