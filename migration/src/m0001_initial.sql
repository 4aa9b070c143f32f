-- The first schema. {INT}, {AUTO} and {CLUSTERED} are filled in per database, see m0001_initial.rs.

CREATE TABLE source_record (
    id {INT} NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    external_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    occurred_at_ms BIGINT,
    hash BIGINT NOT NULL,
    payload TEXT NOT NULL,
    revision BIGINT NOT NULL,
    first_observed_at_ms BIGINT NOT NULL,
    observed_at_ms BIGINT NOT NULL,
    deleted_at_ms BIGINT,
    merged_into_id BIGINT
);

CREATE UNIQUE INDEX source_record_key ON source_record (source, stream, external_id);

CREATE TABLE source_record_version (
    record_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    version BIGINT NOT NULL,
    hash BIGINT NOT NULL,
    payload TEXT NOT NULL,
    observed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (record_id, revision)
){CLUSTERED};

CREATE TABLE contact (
    record_id {INT} NOT NULL PRIMARY KEY,
    full_name TEXT,
    given_name TEXT,
    family_name TEXT,
    emails TEXT NOT NULL,
    phones TEXT NOT NULL,
    job_title TEXT,
    company_name TEXT,
    street TEXT,
    city TEXT,
    region TEXT,
    postal_code TEXT,
    country TEXT,
    vendor_stage TEXT,
    acquisition_channel TEXT,
    created_at_ms BIGINT
);

CREATE TABLE company (
    record_id {INT} NOT NULL PRIMARY KEY,
    name TEXT,
    domains TEXT NOT NULL,
    phones TEXT NOT NULL,
    emails TEXT NOT NULL,
    industry TEXT,
    employee_count BIGINT,
    street TEXT,
    city TEXT,
    region TEXT,
    postal_code TEXT,
    country TEXT,
    vendor_stage TEXT,
    acquisition_channel TEXT,
    created_at_ms BIGINT
);

CREATE TABLE deal (
    record_id {INT} NOT NULL PRIMARY KEY,
    name TEXT,
    pipeline TEXT,
    deal_stage TEXT,
    status TEXT NOT NULL,
    amount_minor BIGINT,
    currency TEXT,
    created_at_ms BIGINT,
    closed_at_ms BIGINT
);

CREATE TABLE ticket (
    record_id {INT} NOT NULL PRIMARY KEY,
    subject TEXT,
    status TEXT NOT NULL,
    priority TEXT,
    channel TEXT,
    comment_count BIGINT,
    created_at_ms BIGINT,
    solved_at_ms BIGINT
);

CREATE TABLE subscription (
    record_id {INT} NOT NULL PRIMARY KEY,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    items TEXT NOT NULL,
    started_at_ms BIGINT,
    trial_end_ms BIGINT,
    current_period_end_ms BIGINT,
    canceled_at_ms BIGINT,
    ended_at_ms BIGINT,
    cancellation_reason TEXT
);

CREATE TABLE invoice (
    record_id {INT} NOT NULL PRIMARY KEY,
    number TEXT,
    status TEXT NOT NULL,
    total_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    tax_minor BIGINT,
    amount_paid_minor BIGINT NOT NULL,
    issued_at_ms BIGINT,
    due_at_ms BIGINT,
    paid_at_ms BIGINT
);

CREATE TABLE payment (
    record_id {INT} NOT NULL PRIMARY KEY,
    status TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    method TEXT,
    failure_code TEXT,
    paid_at_ms BIGINT
);

CREATE TABLE refund (
    record_id {INT} NOT NULL PRIMARY KEY,
    status TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT,
    refunded_at_ms BIGINT
);

CREATE TABLE spend (
    record_id {INT} NOT NULL PRIMARY KEY,
    day TEXT NOT NULL,
    channel TEXT,
    campaign TEXT,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL
);

CREATE TABLE touchpoint (
    record_id {INT} NOT NULL PRIMARY KEY,
    action TEXT NOT NULL,
    channel TEXT,
    campaign TEXT,
    touched_at_ms BIGINT
);

CREATE TABLE survey_response (
    record_id {INT} NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    score BIGINT NOT NULL,
    comment TEXT,
    responded_at_ms BIGINT
);

CREATE TABLE record_link (
    record_id BIGINT NOT NULL,
    role TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    PRIMARY KEY (record_id, role, target_id)
){CLUSTERED};

CREATE INDEX record_link_target ON record_link (target_id, record_id);

CREATE TABLE identifier (
    record_id BIGINT NOT NULL,
    entity TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    name_key TEXT,
    PRIMARY KEY (record_id, entity, kind, value)
){CLUSTERED};

CREATE INDEX identifier_value ON identifier (entity, kind, value, record_id);

CREATE TABLE demoted_identifier (
    entity TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (entity, kind, value)
){CLUSTERED};

CREATE TABLE dirty_record (
    record_id {INT} NOT NULL PRIMARY KEY,
    mark BIGINT NOT NULL
);

CREATE TABLE profile (
    id {INT} NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    display_name TEXT,
    email TEXT,
    phone TEXT,
    company_name TEXT,
    country TEXT,
    domain TEXT,
    search_text TEXT NOT NULL,
    segment TEXT NOT NULL,
    acquisition_channel TEXT,
    stage TEXT NOT NULL,
    stage_position BIGINT NOT NULL,
    stage_since_ms BIGINT NOT NULL,
    status TEXT NOT NULL,
    revenue_minor BIGINT,
    mrr_minor BIGINT,
    currency TEXT,
    record_count BIGINT NOT NULL,
    first_seen_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);

CREATE INDEX profile_name ON profile (kind, display_name, id);

CREATE INDEX profile_email ON profile (email);

CREATE INDEX profile_first_seen ON profile (first_seen_at_ms, id);

CREATE INDEX profile_updated ON profile (updated_at_ms, id);

CREATE INDEX profile_revenue ON profile (revenue_minor, id);

CREATE INDEX profile_mrr ON profile (mrr_minor, id);

CREATE INDEX profile_stage ON profile (stage_position, id);

CREATE TABLE profile_field (
    profile_id BIGINT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    record_id BIGINT NOT NULL,
    rule TEXT NOT NULL,
    PRIMARY KEY (profile_id, field)
){CLUSTERED};

CREATE TABLE profile_member (
    record_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    profile_id BIGINT NOT NULL,
    PRIMARY KEY (record_id, kind)
){CLUSTERED};

CREATE INDEX profile_member_profile ON profile_member (profile_id, record_id);

CREATE TABLE profile_redirect (
    from_id {INT} NOT NULL PRIMARY KEY,
    to_id BIGINT NOT NULL,
    redirected_at_ms BIGINT NOT NULL
);

CREATE INDEX profile_redirect_to ON profile_redirect (to_id);

CREATE TABLE explanation (
    profile_id BIGINT NOT NULL,
    left_id BIGINT NOT NULL,
    right_id BIGINT NOT NULL,
    rule_id TEXT NOT NULL,
    weight DOUBLE PRECISION NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (profile_id, left_id, right_id)
){CLUSTERED};

CREATE TABLE review (
    id {INT} NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    left_id BIGINT NOT NULL,
    right_id BIGINT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    reason TEXT NOT NULL,
    evidence TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL
);

CREATE INDEX review_score ON review (score, id);

CREATE INDEX review_left ON review (left_id);

CREATE INDEX review_right ON review (right_id);

CREATE TABLE decision (
    kind TEXT NOT NULL,
    left_id BIGINT NOT NULL,
    right_id BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at_ms BIGINT NOT NULL,
    PRIMARY KEY (kind, left_id, right_id)
){CLUSTERED};

CREATE INDEX decision_right ON decision (right_id);

CREATE TABLE identity_event (
    id {AUTO},
    at_ms BIGINT NOT NULL,
    action TEXT NOT NULL,
    profile_id BIGINT NOT NULL,
    other_id BIGINT,
    record_id BIGINT
);

CREATE INDEX identity_event_profile ON identity_event (profile_id, id);

CREATE TABLE audit_entry (
    id {AUTO},
    at_ms BIGINT NOT NULL,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL
);

CREATE TABLE profile_fact (
    profile_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    occurred_at_ms BIGINT NOT NULL,
    record_id BIGINT NOT NULL,
    owned BOOLEAN NOT NULL,
    PRIMARY KEY (profile_id, kind, occurred_at_ms, record_id)
){CLUSTERED};

CREATE INDEX profile_fact_time ON profile_fact (profile_id, occurred_at_ms, kind, record_id);

CREATE TABLE profile_link (
    person_id BIGINT NOT NULL,
    company_id BIGINT NOT NULL,
    since_ms BIGINT NOT NULL,
    PRIMARY KEY (person_id, company_id)
){CLUSTERED};

CREATE INDEX profile_link_company ON profile_link (company_id, person_id);

CREATE TABLE stage_transition (
    profile_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    from_stage TEXT,
    to_stage TEXT NOT NULL,
    direction TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    occurred_at_ms BIGINT NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (profile_id, seq)
){CLUSTERED};

CREATE TABLE stage_override (
    id {AUTO},
    record_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    stage TEXT,
    reason TEXT NOT NULL,
    from_ms BIGINT NOT NULL,
    until_ms BIGINT,
    set_by TEXT NOT NULL
);

CREATE INDEX stage_override_record ON stage_override (record_id);

CREATE TABLE profile_numbers (
    profile_id {INT} NOT NULL PRIMARY KEY,
    numbers TEXT NOT NULL,
    policy TEXT NOT NULL,
    computed_at_ms BIGINT NOT NULL
);

CREATE TABLE rollup_part (
    contributor_id BIGINT NOT NULL,
    component TEXT NOT NULL,
    month BIGINT NOT NULL,
    channel TEXT NOT NULL,
    segment TEXT NOT NULL,
    stage TEXT NOT NULL,
    currency TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (contributor_id, component, month, channel, segment, stage, currency)
){CLUSTERED};

CREATE TABLE rollup_cell (
    component TEXT NOT NULL,
    month BIGINT NOT NULL,
    channel TEXT NOT NULL,
    segment TEXT NOT NULL,
    stage TEXT NOT NULL,
    currency TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (component, month, channel, segment, stage, currency)
){CLUSTERED};

CREATE TABLE dirty_contributor (
    id {INT} NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    mark BIGINT NOT NULL
);

CREATE TABLE sync_state (
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at_ms BIGINT,
    finished_at_ms BIGINT,
    record_count BIGINT NOT NULL,
    reject_count BIGINT NOT NULL,
    request_count BIGINT NOT NULL,
    last_error TEXT,
    last_error_code TEXT,
    lease_owner TEXT,
    lease_until_ms BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    PRIMARY KEY (source, stream)
){CLUSTERED};

CREATE TABLE quarantine (
    id {INT} NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    external_id TEXT,
    reason TEXT NOT NULL,
    payload TEXT NOT NULL,
    first_seen_at_ms BIGINT NOT NULL,
    last_seen_at_ms BIGINT NOT NULL,
    seen_count BIGINT NOT NULL
);

CREATE INDEX quarantine_stream ON quarantine (source, stream, external_id);

CREATE INDEX quarantine_seen ON quarantine (last_seen_at_ms, id);

CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
){CLUSTERED};
