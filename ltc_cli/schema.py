"""The tables, the triggers that keep facts, and how an older file becomes a newer one.

Amounts are integers in minor units (`_minor`), quantities and unit prices integers of a millionth (`_micro`),
rates integers of a millionth (`_ppm`), days ISO dates (`_on`), moments UTC (`_at`). A fact carries both: the day it
counts for and when it was recorded. Status, balance and stage are never stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from sqlite_utils import Database

APPLICATION_ID = 0x4C544331
"""`LTC1`: how a file says that it is ours."""

# Only ever added. The triggers make the database itself refuse a change.
M001_FACTS = (
    "document",
    "journal",
    "contract",
    "contract_line",
    "plan_share",
    "contract_event",
    "shipment",
    "shipment_line",
    "shipment_event",
    "invoice",
    "invoice_line",
    "invoice_tax",
    "credit_note",
    "receivable",
    "payment",
    "payment_reversal",
    "settlement",
    "lost_number",
    "quote",
    "quote_line",
    "quote_event",
    "lead_event",
    "opportunity_event",
)
M004_FACTS = ("credit_note_line", "credit_note_tax", "refund", "writeoff")
M005_FACTS = ("outbox_attempt",)
M007_FACTS = ("invoice_discount", "discount", "discount_tax", "realised", "refund_reversal", "writeoff_reversal")
M009_FACTS = ("period_close", "period_close_total")
M010_FACTS = ("amendment", "contract_line_change", "plan_share_change")
M011_FACTS = (
    "notice",
    "notice_item",
    "claim",
    "dunning_event",
    "dunning_choice",
    "call_task",
    "call_task_item",
    "dunning_run",
)
M012_FACTS = ("sequence_event", "suppression_key", "suppression", "erasure")
M015_FACTS = ("task", "task_item", "task_done")
M016_FACTS = ("notice_listed",)
M015_GONE = ("call_task", "call_task_item")
EVER_FACTS = (
    *(*M001_FACTS, *M004_FACTS, *M005_FACTS, *M007_FACTS, *M009_FACTS, *M010_FACTS, *M011_FACTS, *M012_FACTS),
    *M015_FACTS,
    *M016_FACTS,
)
FACTS = tuple(table for table in EVER_FACTS if table not in M015_GONE)

# What nobody may date into a closed month, and the day it counts for. Leads and touches are no books; rates have
# triggers of their own (M014).
CLOSED_DAYS = {
    "contract": "signed_on",
    "contract_event": "event_on",
    "shipment": "shipped_on",
    "shipment_line": "moved_on",
    "shipment_event": "event_on",
    "invoice": "issued_on",
    "credit_note": "issued_on",
    "receivable": "issued_on",
    "payment": "received_on",
    "payment_reversal": "reversed_on",
    "settlement": "settled_on",
    "refund": "refunded_on",
    "refund_reversal": "reversed_on",
    "amendment": "amended_on",
}
GUARDED_DAYS = {**CLOSED_DAYS, "rate": "rate_on"}

M001 = (
    """
    CREATE TABLE batch (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        source TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE external_id (
        kind TEXT NOT NULL,
        source TEXT NOT NULL,
        value TEXT NOT NULL,
        record_id INTEGER NOT NULL,
        batch_id INTEGER REFERENCES batch,
        PRIMARY KEY (kind, source, value)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX external_id_record ON external_id (kind, record_id)",
    """
    CREATE TABLE document (
        sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
        format TEXT NOT NULL,
        media_type TEXT NOT NULL,
        body BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE customer (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        name_norm TEXT NOT NULL,
        domain_norm TEXT,
        kind TEXT NOT NULL DEFAULT 'business' CHECK (kind IN ('business', 'consumer')),
        language TEXT,
        country TEXT,
        address TEXT,
        email TEXT,
        phone TEXT,
        contact TEXT,
        tax_id TEXT,
        terms TEXT,
        tax_code TEXT,
        owner TEXT,
        note TEXT,
        created_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        merged_into_id INTEGER REFERENCES customer,
        batch_id INTEGER REFERENCES batch
    ) STRICT
    """,
    "CREATE INDEX customer_name ON customer (name_norm)",
    "CREATE INDEX customer_domain ON customer (domain_norm) WHERE domain_norm IS NOT NULL",
    "CREATE INDEX customer_tax ON customer (tax_id) WHERE tax_id IS NOT NULL",
    """
    CREATE TABLE lead (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        company TEXT,
        email TEXT,
        email_norm TEXT,
        phone TEXT,
        phone_norm TEXT,
        title TEXT,
        country TEXT,
        source TEXT,
        campaign TEXT,
        owner TEXT,
        note TEXT,
        created_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        merged_into_id INTEGER REFERENCES lead,
        batch_id INTEGER REFERENCES batch
    ) STRICT
    """,
    "CREATE INDEX lead_email ON lead (email_norm) WHERE email_norm IS NOT NULL",
    "CREATE INDEX lead_phone ON lead (phone_norm) WHERE phone_norm IS NOT NULL",
    "CREATE INDEX lead_merged ON lead (merged_into_id) WHERE merged_into_id IS NOT NULL",
    """
    CREATE TABLE lead_event (
        id INTEGER PRIMARY KEY,
        lead_id INTEGER NOT NULL REFERENCES lead,
        kind TEXT NOT NULL CHECK (kind IN ('qualified', 'dropped')),
        reason TEXT,
        note TEXT,
        event_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX lead_event_lead ON lead_event (lead_id, event_on)",
    """
    CREATE TABLE touch (
        id INTEGER PRIMARY KEY,
        lead_id INTEGER NOT NULL REFERENCES lead,
        kind TEXT NOT NULL,
        note TEXT,
        touched_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        batch_id INTEGER REFERENCES batch
    ) STRICT
    """,
    "CREATE INDEX touch_lead ON touch (lead_id, touched_on)",
    """
    CREATE TABLE opportunity (
        id INTEGER PRIMARY KEY,
        lead_id INTEGER REFERENCES lead,
        customer_id INTEGER NOT NULL REFERENCES customer,
        title TEXT NOT NULL,
        currency TEXT NOT NULL,
        amount_minor INTEGER CHECK (amount_minor >= 0),
        close_on TEXT,
        owner TEXT,
        next_on TEXT,
        next_step TEXT,
        created_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        batch_id INTEGER REFERENCES batch
    ) STRICT
    """,
    "CREATE UNIQUE INDEX opportunity_lead ON opportunity (lead_id)",
    "CREATE INDEX opportunity_customer ON opportunity (customer_id)",
    """
    CREATE TABLE opportunity_event (
        id INTEGER PRIMARY KEY,
        opportunity_id INTEGER NOT NULL REFERENCES opportunity,
        kind TEXT NOT NULL CHECK (kind IN ('stage', 'lost', 'reopened')),
        stage TEXT,
        probability_ppm INTEGER CHECK (probability_ppm BETWEEN 0 AND 1000000),
        reason TEXT,
        note TEXT,
        event_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX opportunity_event_opportunity ON opportunity_event (opportunity_id, event_on)",
    """
    CREATE TABLE quote (
        id INTEGER PRIMARY KEY,
        opportunity_id INTEGER NOT NULL REFERENCES opportunity,
        version INTEGER NOT NULL,
        currency TEXT NOT NULL,
        terms TEXT NOT NULL,
        tax_rounding TEXT NOT NULL,
        discount_minor INTEGER NOT NULL CHECK (discount_minor >= 0),
        amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
        net_minor INTEGER NOT NULL,
        tax_minor INTEGER NOT NULL,
        valid_until_on TEXT,
        created_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        UNIQUE (opportunity_id, version)
    ) STRICT
    """,
    """
    CREATE TABLE quote_line (
        id INTEGER PRIMARY KEY,
        quote_id INTEGER NOT NULL REFERENCES quote,
        position INTEGER NOT NULL,
        text TEXT NOT NULL,
        quantity_micro INTEGER NOT NULL CHECK (quantity_micro > 0),
        price_micro INTEGER NOT NULL CHECK (price_micro >= 0),
        discount_minor INTEGER NOT NULL CHECK (discount_minor >= 0),
        net_minor INTEGER NOT NULL CHECK (net_minor >= 0),
        tax_code TEXT NOT NULL,
        category TEXT NOT NULL,
        rate_ppm INTEGER NOT NULL CHECK (rate_ppm >= 0),
        inclusive INTEGER NOT NULL CHECK (inclusive IN (0, 1)),
        UNIQUE (quote_id, position)
    ) STRICT
    """,
    """
    CREATE TABLE quote_event (
        id INTEGER PRIMARY KEY,
        quote_id INTEGER NOT NULL REFERENCES quote,
        kind TEXT NOT NULL CHECK (kind IN ('sent', 'accepted', 'rejected')),
        event_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX quote_event_quote ON quote_event (quote_id, event_on)",
    """
    CREATE TABLE contract (
        id INTEGER PRIMARY KEY,
        opportunity_id INTEGER NOT NULL UNIQUE REFERENCES opportunity,
        quote_id INTEGER REFERENCES quote,
        customer_id INTEGER NOT NULL REFERENCES customer,
        currency TEXT NOT NULL,
        amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
        net_minor INTEGER NOT NULL,
        tax_minor INTEGER NOT NULL,
        tax_rounding TEXT NOT NULL,
        terms TEXT NOT NULL,
        signed_on TEXT NOT NULL,
        signed_by TEXT,
        starts_on TEXT,
        ends_on TEXT,
        renews TEXT,
        document_sha256 TEXT NOT NULL REFERENCES document,
        recorded_at TEXT NOT NULL,
        batch_id INTEGER REFERENCES batch
    ) STRICT
    """,
    "CREATE INDEX contract_customer ON contract (customer_id)",
    "CREATE INDEX contract_quote ON contract (quote_id) WHERE quote_id IS NOT NULL",
    """
    CREATE TABLE contract_line (
        id INTEGER PRIMARY KEY,
        contract_id INTEGER NOT NULL REFERENCES contract,
        position INTEGER NOT NULL,
        text TEXT NOT NULL,
        quantity_micro INTEGER NOT NULL CHECK (quantity_micro > 0),
        price_micro INTEGER NOT NULL CHECK (price_micro >= 0),
        discount_minor INTEGER NOT NULL CHECK (discount_minor >= 0),
        net_minor INTEGER NOT NULL CHECK (net_minor >= 0),
        tax_code TEXT NOT NULL,
        category TEXT NOT NULL,
        rate_ppm INTEGER NOT NULL CHECK (rate_ppm >= 0),
        inclusive INTEGER NOT NULL CHECK (inclusive IN (0, 1)),
        UNIQUE (contract_id, position)
    ) STRICT
    """,
    # `trigger` is a keyword of SQL; the event that makes a share billable is called the same everywhere else.
    """
    CREATE TABLE plan_share (
        id INTEGER PRIMARY KEY,
        contract_id INTEGER NOT NULL REFERENCES contract,
        position INTEGER NOT NULL,
        share TEXT NOT NULL,
        trigger_kind TEXT NOT NULL CHECK (trigger_kind IN ('sign', 'ship', 'deliver', 'accept', 'end', 'date')),
        trigger_on TEXT,
        months INTEGER NOT NULL,
        steps TEXT NOT NULL,
        amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
        fixed_minor INTEGER,
        period_from TEXT,
        period_to TEXT,
        UNIQUE (contract_id, position)
    ) STRICT
    """,
    """
    CREATE TABLE contract_event (
        id INTEGER PRIMARY KEY,
        contract_id INTEGER NOT NULL REFERENCES contract,
        kind TEXT NOT NULL CHECK (kind IN ('accepted')),
        event_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX contract_event_contract ON contract_event (contract_id, kind)",
    """
    CREATE TABLE shipment (
        id INTEGER PRIMARY KEY,
        contract_id INTEGER NOT NULL REFERENCES contract,
        shipped_on TEXT NOT NULL,
        carrier TEXT,
        tracking TEXT,
        recorded_at TEXT NOT NULL,
        batch_id INTEGER REFERENCES batch
    ) STRICT
    """,
    "CREATE INDEX shipment_contract ON shipment (contract_id)",
    # A return is a row with a negative quantity on the shipment it came out of.
    """
    CREATE TABLE shipment_line (
        id INTEGER PRIMARY KEY,
        shipment_id INTEGER NOT NULL REFERENCES shipment,
        contract_line_id INTEGER NOT NULL REFERENCES contract_line,
        quantity_micro INTEGER NOT NULL CHECK (quantity_micro <> 0),
        moved_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX shipment_line_shipment ON shipment_line (shipment_id)",
    "CREATE INDEX shipment_line_line ON shipment_line (contract_line_id, moved_on)",
    """
    CREATE TABLE shipment_event (
        id INTEGER PRIMARY KEY,
        shipment_id INTEGER NOT NULL REFERENCES shipment,
        kind TEXT NOT NULL CHECK (kind IN ('delivered')),
        event_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX shipment_event_shipment ON shipment_event (shipment_id, kind)",
    """
    CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit')),
        pattern TEXT NOT NULL,
        year INTEGER NOT NULL,
        next_seq INTEGER NOT NULL CHECK (next_seq >= 1),
        gapless INTEGER NOT NULL CHECK (gapless IN (0, 1)),
        UNIQUE (kind, pattern, year)
    ) STRICT
    """,
    # Numbers that a restored backup does not know, but that were given out after it was made.
    """
    CREATE TABLE lost_number (
        id INTEGER PRIMARY KEY,
        series_id INTEGER NOT NULL REFERENCES series,
        first_seq INTEGER NOT NULL,
        last_seq INTEGER NOT NULL CHECK (last_seq >= first_seq),
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE invoice (
        id INTEGER PRIMARY KEY,
        series_id INTEGER NOT NULL REFERENCES series,
        seq INTEGER NOT NULL,
        number TEXT NOT NULL UNIQUE COLLATE NOCASE,
        contract_id INTEGER REFERENCES contract,
        customer_id INTEGER NOT NULL REFERENCES customer,
        issued_on TEXT NOT NULL,
        currency TEXT NOT NULL,
        net_minor INTEGER NOT NULL,
        tax_minor INTEGER NOT NULL,
        total_minor INTEGER NOT NULL CHECK (total_minor >= 0),
        tax_rounding TEXT NOT NULL,
        rate TEXT,
        terms TEXT NOT NULL,
        period_from TEXT,
        period_to TEXT,
        document_sha256 TEXT NOT NULL REFERENCES document,
        recorded_at TEXT NOT NULL,
        batch_id INTEGER REFERENCES batch,
        UNIQUE (series_id, seq)
    ) STRICT
    """,
    "CREATE INDEX invoice_contract ON invoice (contract_id)",
    "CREATE INDEX invoice_customer ON invoice (customer_id)",
    """
    CREATE TABLE invoice_line (
        id INTEGER PRIMARY KEY,
        invoice_id INTEGER NOT NULL REFERENCES invoice,
        position INTEGER NOT NULL,
        text TEXT NOT NULL,
        quantity_micro INTEGER NOT NULL,
        price_micro INTEGER NOT NULL,
        discount_minor INTEGER NOT NULL,
        net_minor INTEGER NOT NULL,
        tax_code TEXT NOT NULL,
        category TEXT NOT NULL,
        rate_ppm INTEGER NOT NULL,
        inclusive INTEGER NOT NULL CHECK (inclusive IN (0, 1)),
        plan_share_id INTEGER REFERENCES plan_share,
        contract_line_id INTEGER REFERENCES contract_line,
        UNIQUE (invoice_id, position)
    ) STRICT
    """,
    "CREATE INDEX invoice_line_share ON invoice_line (plan_share_id, net_minor)",
    """
    CREATE TABLE invoice_tax (
        invoice_id INTEGER NOT NULL REFERENCES invoice,
        code TEXT NOT NULL,
        category TEXT NOT NULL,
        rate_ppm INTEGER NOT NULL,
        base_minor INTEGER NOT NULL,
        tax_minor INTEGER NOT NULL,
        PRIMARY KEY (invoice_id, code)
    ) STRICT
    """,
    """
    CREATE TABLE credit_note (
        id INTEGER PRIMARY KEY,
        series_id INTEGER NOT NULL REFERENCES series,
        seq INTEGER NOT NULL,
        number TEXT NOT NULL UNIQUE COLLATE NOCASE,
        invoice_id INTEGER REFERENCES invoice,
        customer_id INTEGER NOT NULL REFERENCES customer,
        issued_on TEXT NOT NULL,
        currency TEXT NOT NULL,
        net_minor INTEGER NOT NULL,
        tax_minor INTEGER NOT NULL,
        total_minor INTEGER NOT NULL CHECK (total_minor >= 0),
        reason TEXT,
        document_sha256 TEXT NOT NULL REFERENCES document,
        recorded_at TEXT NOT NULL,
        batch_id INTEGER REFERENCES batch,
        UNIQUE (series_id, seq)
    ) STRICT
    """,
    """
    CREATE TABLE notice (
        id INTEGER PRIMARY KEY,
        customer_id INTEGER NOT NULL REFERENCES customer,
        currency TEXT NOT NULL,
        level TEXT NOT NULL,
        decided_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    # The copied columns (customer, currency, days) never change, so that aging needs no join.
    """
    CREATE TABLE receivable (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('invoice', 'fee', 'interest')),
        invoice_id INTEGER NOT NULL REFERENCES invoice,
        notice_id INTEGER REFERENCES notice,
        customer_id INTEGER NOT NULL REFERENCES customer,
        currency TEXT NOT NULL,
        issued_on TEXT NOT NULL,
        due_on TEXT NOT NULL,
        amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0)
    ) STRICT
    """,
    "CREATE INDEX receivable_invoice ON receivable (invoice_id)",
    "CREATE INDEX receivable_customer ON receivable (customer_id, currency)",
    """
    CREATE TABLE notice_item (
        notice_id INTEGER NOT NULL REFERENCES notice,
        receivable_id INTEGER NOT NULL REFERENCES receivable,
        level TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        PRIMARY KEY (notice_id, receivable_id),
        UNIQUE (receivable_id, level, attempt)
    ) STRICT
    """,
    """
    CREATE TABLE payment (
        id INTEGER PRIMARY KEY,
        customer_id INTEGER NOT NULL REFERENCES customer,
        received_on TEXT NOT NULL,
        currency TEXT NOT NULL,
        amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
        method TEXT,
        reference TEXT,
        recorded_at TEXT NOT NULL,
        batch_id INTEGER REFERENCES batch
    ) STRICT
    """,
    "CREATE INDEX payment_customer ON payment (customer_id, currency)",
    """
    CREATE TABLE payment_reversal (
        payment_id INTEGER PRIMARY KEY REFERENCES payment,
        reversed_on TEXT NOT NULL,
        reason TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    # Everything that reduces a receivable; a reversal is a negative row that names what it takes back.
    """
    CREATE TABLE settlement (
        id INTEGER PRIMARY KEY,
        receivable_id INTEGER NOT NULL REFERENCES receivable,
        kind TEXT NOT NULL CHECK (kind IN ('payment', 'credit', 'writeoff', 'discount', 'reversal', 'void')),
        payment_id INTEGER REFERENCES payment,
        credit_id INTEGER REFERENCES credit_note,
        reverses_id INTEGER UNIQUE REFERENCES settlement,
        settled_on TEXT NOT NULL,
        amount_minor INTEGER NOT NULL,
        recorded_at TEXT NOT NULL,
        CHECK ((kind = 'reversal') = (amount_minor < 0)),
        CHECK ((kind = 'reversal') = (reverses_id IS NOT NULL))
    ) STRICT
    """,
    "CREATE INDEX settlement_receivable ON settlement (receivable_id, settled_on, amount_minor)",
    "CREATE INDEX settlement_payment ON settlement (payment_id, settled_on, amount_minor)",
    """
    CREATE TABLE journal (
        id INTEGER PRIMARY KEY,
        recorded_at TEXT NOT NULL,
        business_on TEXT NOT NULL,
        actor TEXT NOT NULL,
        verb TEXT NOT NULL,
        counts TEXT NOT NULL,
        batch_id INTEGER REFERENCES batch,
        detail_sha256 TEXT NOT NULL,
        previous_sha256 TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE
    ) STRICT
    """,
    # What a person can have erased: the salt and the body go, the chain of the journal stays whole.
    """
    CREATE TABLE journal_detail (
        journal_id INTEGER PRIMARY KEY REFERENCES journal,
        salt TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE request_key (
        key TEXT PRIMARY KEY,
        request_sha256 TEXT NOT NULL,
        answer TEXT NOT NULL,
        exit_code INTEGER NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
)

M002 = (
    # What an import knows besides: the columns of the file that are not ours, as JSON.
    "ALTER TABLE lead ADD COLUMN further TEXT",
    "ALTER TABLE customer ADD COLUMN further TEXT",
    "ALTER TABLE opportunity ADD COLUMN source TEXT",
    "ALTER TABLE opportunity ADD COLUMN campaign TEXT",
    "ALTER TABLE opportunity ADD COLUMN note TEXT",
    "ALTER TABLE opportunity ADD COLUMN further TEXT",
    "ALTER TABLE batch ADD COLUMN undone_at TEXT",
    # What the row said when it was read last, so that the same row is known again whatever was edited since: beside
    # its external id, else beside the lead with its e-mail; the table is for rows that have neither (any more).
    "ALTER TABLE external_id ADD COLUMN fingerprint BLOB",
    "ALTER TABLE lead ADD COLUMN fingerprint BLOB",
    """
    CREATE TABLE fingerprint (
        kind TEXT NOT NULL,
        value BLOB NOT NULL,
        occurrence INTEGER NOT NULL CHECK (occurrence >= 1),
        record_id INTEGER NOT NULL,
        batch_id INTEGER REFERENCES batch,
        PRIMARY KEY (kind, value, occurrence)
    ) STRICT, WITHOUT ROWID
    """,
    # An opportunity that was won before it came here has no contract: the event says so.
    """
    CREATE TABLE opportunity_event_2 (
        id INTEGER PRIMARY KEY,
        opportunity_id INTEGER NOT NULL REFERENCES opportunity,
        kind TEXT NOT NULL CHECK (kind IN ('stage', 'won', 'lost', 'reopened')),
        stage TEXT,
        probability_ppm INTEGER CHECK (probability_ppm BETWEEN 0 AND 1000000),
        reason TEXT,
        note TEXT,
        event_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        batch_id INTEGER REFERENCES batch
    ) STRICT
    """,
    """
    INSERT INTO opportunity_event_2
    SELECT id, opportunity_id, kind, stage, probability_ppm, reason, note, event_on, recorded_at, NULL
    FROM opportunity_event
    """,
    "DROP TABLE opportunity_event",
    "ALTER TABLE opportunity_event_2 RENAME TO opportunity_event",
    "CREATE INDEX opportunity_event_opportunity ON opportunity_event (opportunity_id, event_on)",
)

M003 = (
    # `base_micro` millionths of the base are worth `currency_micro` of the currency; the last one of a day counts.
    """
    CREATE TABLE rate (
        id INTEGER PRIMARY KEY,
        currency TEXT NOT NULL,
        base TEXT NOT NULL,
        rate_on TEXT NOT NULL,
        base_micro INTEGER NOT NULL CHECK (base_micro > 0),
        currency_micro INTEGER NOT NULL CHECK (currency_micro > 0),
        recorded_at TEXT NOT NULL,
        batch_id INTEGER REFERENCES batch
    ) STRICT
    """,
    "CREATE INDEX rate_day ON rate (base, currency, rate_on)",
)

M004 = (
    # What of each line of the invoice is credited: `credited_micro` of its quantity, or 0 where an amount is.
    """
    CREATE TABLE credit_note_line (
        id INTEGER PRIMARY KEY,
        credit_note_id INTEGER NOT NULL REFERENCES credit_note,
        position INTEGER NOT NULL,
        invoice_line_id INTEGER REFERENCES invoice_line,
        credited_micro INTEGER NOT NULL CHECK (credited_micro >= 0),
        text TEXT NOT NULL,
        quantity_micro INTEGER NOT NULL,
        price_micro INTEGER NOT NULL,
        discount_minor INTEGER NOT NULL,
        net_minor INTEGER NOT NULL,
        tax_code TEXT NOT NULL,
        category TEXT NOT NULL,
        rate_ppm INTEGER NOT NULL,
        inclusive INTEGER NOT NULL CHECK (inclusive IN (0, 1)),
        UNIQUE (credit_note_id, position)
    ) STRICT
    """,
    "CREATE INDEX credit_note_line_line ON credit_note_line (invoice_line_id)",
    """
    CREATE TABLE credit_note_tax (
        credit_note_id INTEGER NOT NULL REFERENCES credit_note,
        code TEXT NOT NULL,
        category TEXT NOT NULL,
        rate_ppm INTEGER NOT NULL,
        base_minor INTEGER NOT NULL,
        tax_minor INTEGER NOT NULL,
        PRIMARY KEY (credit_note_id, code)
    ) STRICT
    """,
    "CREATE INDEX credit_note_invoice ON credit_note (invoice_id)",
    "CREATE INDEX credit_note_customer ON credit_note (customer_id, currency)",
    "CREATE INDEX settlement_credit ON settlement (credit_id, settled_on, amount_minor) WHERE credit_id IS NOT NULL",
    # Unapplied credit that was paid back, of a payment or of a credit note; customer and currency are copied from it.
    """
    CREATE TABLE refund (
        id INTEGER PRIMARY KEY,
        payment_id INTEGER REFERENCES payment,
        credit_id INTEGER REFERENCES credit_note,
        customer_id INTEGER NOT NULL REFERENCES customer,
        refunded_on TEXT NOT NULL,
        currency TEXT NOT NULL,
        amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
        method TEXT,
        reference TEXT,
        recorded_at TEXT NOT NULL,
        CHECK ((payment_id IS NULL) <> (credit_id IS NULL))
    ) STRICT
    """,
    "CREATE INDEX refund_payment ON refund (payment_id, refunded_on) WHERE payment_id IS NOT NULL",
    "CREATE INDEX refund_credit ON refund (credit_id, refunded_on) WHERE credit_id IS NOT NULL",
    # Why a settlement gives something up, and the payment whose shortness it forgives.
    """
    CREATE TABLE writeoff (
        settlement_id INTEGER PRIMARY KEY REFERENCES settlement,
        reason TEXT NOT NULL,
        payment_id INTEGER REFERENCES payment
    ) STRICT
    """,
    "CREATE INDEX writeoff_payment ON writeoff (payment_id) WHERE payment_id IS NOT NULL",
)

M005 = (
    # A queue, so its state is stored; `ltc check` proves it from the attempts, which are facts. What it is about is the
    # record `record_id` of a kind (`invoice` …), `about` as a user names it.
    """
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        record_id INTEGER NOT NULL,
        about TEXT NOT NULL,
        customer_id INTEGER REFERENCES customer,
        sender TEXT NOT NULL,
        recipient TEXT NOT NULL,
        subject TEXT NOT NULL,
        message_id TEXT NOT NULL UNIQUE,
        message BLOB NOT NULL,
        message_sha256 TEXT NOT NULL,
        state TEXT NOT NULL
            CHECK (state IN ('queued', 'claimed', 'sending', 'sent', 'failed', 'unknown', 'cancelled')),
        not_before TEXT,
        queued_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX outbox_record ON outbox (kind, record_id)",
    "CREATE INDEX outbox_waiting ON outbox (state) WHERE state NOT IN ('sent', 'cancelled')",
    # Every state that a mail came to rest in, `queued` first; tried: it had been offered to a server.
    """
    CREATE TABLE outbox_attempt (
        id INTEGER PRIMARY KEY,
        outbox_id INTEGER NOT NULL REFERENCES outbox,
        state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'unknown', 'cancelled')),
        tried INTEGER NOT NULL CHECK (tried IN (0, 1)),
        said TEXT,
        happened_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX outbox_attempt_outbox ON outbox_attempt (outbox_id)",
    """
    CREATE TRIGGER outbox_message_never_changes BEFORE UPDATE OF kind, record_id, about, customer_id, sender, recipient,
        subject, message_id, message, message_sha256, queued_on, recorded_at ON outbox
    BEGIN SELECT RAISE(ABORT, 'outbox: what is mailed is never changed'); END
    """,
    "CREATE TRIGGER outbox_never_goes BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'outbox: it is kept'); END",
)

M006 = (
    # `cash_step_minor`: what the total was rounded to a multiple of, where it is paid in cash; 1: nothing was rounded.
    "ALTER TABLE invoice ADD COLUMN rounding_minor INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE invoice ADD COLUMN cash_step_minor INTEGER NOT NULL DEFAULT 1 CHECK (cash_step_minor >= 1)",
    "ALTER TABLE credit_note ADD COLUMN rounding_minor INTEGER NOT NULL DEFAULT 0",
    # What the config called the tax code, and why nothing is taxed under it.
    "ALTER TABLE invoice_tax ADD COLUMN name TEXT",
    "ALTER TABLE invoice_tax ADD COLUMN reason TEXT",
    "ALTER TABLE credit_note_tax ADD COLUMN name TEXT",
    "ALTER TABLE credit_note_tax ADD COLUMN reason TEXT",
)


M007 = (
    # What an invoice offers for early payment, as its document says: `percent_ppm` of its total (tax: `included`) or of
    # its net (`excluded`, `mixed`), which comes to `amount_minor`, for all of it paid by `until_on`, that day included.
    """
    CREATE TABLE invoice_discount (
        invoice_id INTEGER PRIMARY KEY REFERENCES invoice,
        until_on TEXT NOT NULL,
        percent_ppm INTEGER NOT NULL CHECK (percent_ppm > 0),
        tax TEXT NOT NULL CHECK (tax IN ('included', 'excluded', 'mixed')),
        amount_minor INTEGER NOT NULL CHECK (amount_minor > 0)
    ) STRICT
    """,
    # A settlement of kind `discount` (its own `payment_id` is null: it took nothing of the payment), and the payment or
    # credit note by which the invoice was paid in time. One row an instalment.
    """
    CREATE TABLE discount (
        settlement_id INTEGER PRIMARY KEY REFERENCES settlement,
        payment_id INTEGER REFERENCES payment,
        credit_id INTEGER REFERENCES credit_note,
        CHECK ((payment_id IS NULL) <> (credit_id IS NULL))
    ) STRICT
    """,
    "CREATE INDEX discount_payment ON discount (payment_id) WHERE payment_id IS NOT NULL",
    # Of that settlement, by tax code of its invoice, what came off its base and its tax; they sum to the settlement. A
    # reversal of it takes back the same.
    """
    CREATE TABLE discount_tax (
        settlement_id INTEGER NOT NULL REFERENCES discount,
        code TEXT NOT NULL,
        category TEXT NOT NULL,
        rate_ppm INTEGER NOT NULL,
        base_minor INTEGER NOT NULL CHECK (base_minor >= 0),
        tax_minor INTEGER NOT NULL CHECK (tax_minor >= 0),
        PRIMARY KEY (settlement_id, code)
    ) STRICT
    """,
    # What a settlement took of a payment in another currency than the receivable, in the payment's minor units. Null:
    # as much as `amount_minor`, which is always in the receivable's.
    "ALTER TABLE settlement ADD COLUMN paid_minor INTEGER",
    "DROP INDEX settlement_payment",
    "CREATE INDEX settlement_payment ON settlement (payment_id, settled_on, amount_minor, paid_minor)",
    # Where the payment or the receivable is not in base currency: what the settlement took of the payment at the rate
    # of the payment's day, and what it settled at the rate of the invoice, in minor units of the base. The difference
    # is the realised gain (more than 0) or loss; a reversal takes it back. No row where a rate was not known.
    """
    CREATE TABLE realised (
        settlement_id INTEGER PRIMARY KEY REFERENCES settlement,
        base TEXT NOT NULL,
        received_minor INTEGER NOT NULL,
        invoiced_minor INTEGER NOT NULL
    ) STRICT
    """,
    # A refund that came back: what was paid back is unapplied credit again from that day on.
    """
    CREATE TABLE refund_reversal (
        refund_id INTEGER PRIMARY KEY REFERENCES refund,
        reversed_on TEXT NOT NULL,
        reason TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    # Refunds and those that came back, these as negative amounts.
    """
    CREATE VIEW refund_moved AS
    SELECT id, payment_id, credit_id, customer_id, currency, refunded_on, amount_minor FROM refund
    UNION ALL
    SELECT id, payment_id, credit_id, customer_id, currency, reversed_on, -amount_minor
    FROM refund_reversal JOIN refund ON refund.id = refund_id
    """,
    # Why a write-off was taken back; the settlement is the reversal.
    """
    CREATE TABLE writeoff_reversal (
        settlement_id INTEGER PRIMARY KEY REFERENCES settlement,
        reason TEXT NOT NULL
    ) STRICT
    """,
)


def _stays_closed(table: str) -> str:
    """The trigger that lets nothing be dated into a closed month."""
    return (
        f"CREATE TRIGGER {table}_stays_closed BEFORE INSERT ON {table}"
        f" WHEN NEW.{CLOSED_DAYS[table]} <= (SELECT closed_until FROM period_close ORDER BY id DESC LIMIT 1)"
        f" BEGIN SELECT RAISE(ABORT, '{table}: the month is closed'); END"
    )


M009 = (
    # A month was closed, with all before it, or opened again, with all after it: the last row says up to which day the
    # books are closed since, and seals what they said then.
    """
    CREATE TABLE period_close (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('closed', 'reopened')),
        month TEXT NOT NULL,
        closed_until TEXT NOT NULL,
        decided_on TEXT NOT NULL,
        reason TEXT CHECK ((reason IS NULL) = (kind = 'closed')),
        facts_sha256 TEXT NOT NULL,
        journal_id INTEGER REFERENCES journal,
        journal_sha256 TEXT,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE period_close_total (
        period_close_id INTEGER NOT NULL REFERENCES period_close,
        currency TEXT NOT NULL,
        amount_minor INTEGER NOT NULL,
        PRIMARY KEY (period_close_id, currency)
    ) STRICT
    """,
    *(_stays_closed(table) for table in CLOSED_DAYS if table not in M010_FACTS),
)

M010 = (
    # A contract with a fee that nobody gave an end: its plan grows by the periods that have begun when they are billed.
    "ALTER TABLE contract ADD COLUMN open_ended INTEGER NOT NULL DEFAULT 0",
    # The contract as it stands from then on: the amounts, and the last day of its term. `effective_on` is the day from
    # which a fee changes, the last day of what is terminated, the last day billed of what is extended.
    """
    CREATE TABLE amendment (
        id INTEGER PRIMARY KEY,
        contract_id INTEGER NOT NULL REFERENCES contract,
        kind TEXT NOT NULL CHECK (kind IN ('amended', 'extended', 'terminated')),
        amended_on TEXT NOT NULL,
        effective_on TEXT NOT NULL,
        reason TEXT,
        amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
        net_minor INTEGER NOT NULL,
        tax_minor INTEGER NOT NULL,
        ends_on TEXT,
        fee_minor INTEGER CHECK (fee_minor > 0),
        document_sha256 TEXT REFERENCES document,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX amendment_contract ON amendment (contract_id)",
    # What amendments added; those without are what was signed.
    "ALTER TABLE contract_line ADD COLUMN amendment_id INTEGER REFERENCES amendment",
    "ALTER TABLE plan_share ADD COLUMN amendment_id INTEGER REFERENCES amendment",
    # The line or share as it stands from then on; the last one counts.
    """
    CREATE TABLE contract_line_change (
        id INTEGER PRIMARY KEY,
        amendment_id INTEGER NOT NULL REFERENCES amendment,
        contract_line_id INTEGER NOT NULL REFERENCES contract_line,
        quantity_micro INTEGER NOT NULL CHECK (quantity_micro >= 0),
        price_micro INTEGER NOT NULL CHECK (price_micro >= 0),
        discount_minor INTEGER NOT NULL CHECK (discount_minor >= 0),
        net_minor INTEGER NOT NULL CHECK (net_minor >= 0)
    ) STRICT
    """,
    "CREATE INDEX contract_line_change_line ON contract_line_change (contract_line_id)",
    """
    CREATE TABLE plan_share_change (
        id INTEGER PRIMARY KEY,
        amendment_id INTEGER NOT NULL REFERENCES amendment,
        plan_share_id INTEGER NOT NULL REFERENCES plan_share,
        amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
        period_to TEXT
    ) STRICT
    """,
    "CREATE INDEX plan_share_change_share ON plan_share_change (plan_share_id)",
    """
    CREATE VIEW contract_now AS
    SELECT contract.id, opportunity_id, quote_id, customer_id, currency,
        COALESCE(last.amount_minor, contract.amount_minor) AS amount_minor,
        COALESCE(last.net_minor, contract.net_minor) AS net_minor,
        COALESCE(last.tax_minor, contract.tax_minor) AS tax_minor,
        tax_rounding, terms, signed_on, signed_by, starts_on,
        CASE WHEN last.id IS NULL THEN contract.ends_on ELSE last.ends_on END AS ends_on,
        renews, contract.document_sha256, contract.recorded_at, batch_id, open_ended,
        last.id AS amendment_id,
        CASE WHEN last.kind = 'terminated' THEN last.effective_on END AS terminated_on
    FROM contract LEFT JOIN amendment AS last
        ON last.id = (SELECT MAX(amendment.id) FROM amendment WHERE amendment.contract_id = contract.id)
    """,
    """
    CREATE VIEW contract_line_now AS
    SELECT contract_line.id, contract_id, position, text,
        COALESCE(last.quantity_micro, contract_line.quantity_micro) AS quantity_micro,
        COALESCE(last.price_micro, contract_line.price_micro) AS price_micro,
        COALESCE(last.discount_minor, contract_line.discount_minor) AS discount_minor,
        COALESCE(last.net_minor, contract_line.net_minor) AS net_minor,
        tax_code, category, rate_ppm, inclusive
    FROM contract_line LEFT JOIN contract_line_change AS last
        ON last.id = (SELECT MAX(changed.id) FROM contract_line_change AS changed
            WHERE changed.contract_line_id = contract_line.id)
    """,
    """
    CREATE VIEW plan_share_now AS
    SELECT plan_share.id, contract_id, position, share, trigger_kind, trigger_on, months, steps,
        COALESCE(last.amount_minor, plan_share.amount_minor) AS amount_minor,
        fixed_minor, period_from, COALESCE(last.period_to, plan_share.period_to) AS period_to
    FROM plan_share LEFT JOIN plan_share_change AS last
        ON last.id = (SELECT MAX(changed.id) FROM plan_share_change AS changed
            WHERE changed.plan_share_id = plan_share.id)
    """,
    _stays_closed("amendment"),
)

M011 = (
    "ALTER TABLE customer ADD COLUMN dunning TEXT",
    # What the notice said in sum, claims included that it made and that were open before.
    "ALTER TABLE notice ADD COLUMN channel TEXT NOT NULL DEFAULT 'mail'",
    "ALTER TABLE notice ADD COLUMN amount_minor INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE notice ADD COLUMN fee_minor INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE notice ADD COLUMN interest_minor INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE notice ADD COLUMN on_ladder INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE notice ADD COLUMN stops_shipping INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX notice_customer ON notice (customer_id, currency)",
    "CREATE INDEX receivable_notice ON receivable (notice_id) WHERE notice_id IS NOT NULL",
    # How a receivable of kind fee or interest came about; `compensation`: the fixed sum of EU 2011/7.
    """
    CREATE TABLE claim (
        receivable_id INTEGER PRIMARY KEY REFERENCES receivable,
        basis TEXT NOT NULL CHECK (basis IN ('fee', 'interest', 'compensation')),
        formula TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE dunning_event (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('hold', 'dispute', 'promise', 'release')),
        invoice_id INTEGER REFERENCES invoice,
        customer_id INTEGER REFERENCES customer,
        until_on TEXT,
        amount_minor INTEGER CHECK (amount_minor > 0),
        reason TEXT,
        event_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        CHECK ((invoice_id IS NULL) <> (customer_id IS NULL)),
        CHECK ((kind IN ('hold', 'promise')) = (until_on IS NOT NULL))
    ) STRICT
    """,
    "CREATE INDEX dunning_event_invoice ON dunning_event (invoice_id) WHERE invoice_id IS NOT NULL",
    "CREATE INDEX dunning_event_customer ON dunning_event (customer_id) WHERE customer_id IS NOT NULL",
    # The policy of one invoice, the newest counts; null: that of its customer again.
    """
    CREATE TABLE dunning_choice (
        id INTEGER PRIMARY KEY,
        invoice_id INTEGER NOT NULL REFERENCES invoice,
        policy TEXT,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX dunning_choice_invoice ON dunning_choice (invoice_id)",
    # Who is to be called, because there is no address or because the level says so.
    """
    CREATE TABLE call_task (
        id INTEGER PRIMARY KEY,
        customer_id INTEGER NOT NULL REFERENCES customer,
        currency TEXT NOT NULL,
        level TEXT NOT NULL,
        notice_id INTEGER REFERENCES notice,
        text TEXT NOT NULL,
        decided_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE call_task_item (
        call_task_id INTEGER NOT NULL REFERENCES call_task,
        receivable_id INTEGER NOT NULL REFERENCES receivable,
        level TEXT NOT NULL,
        PRIMARY KEY (call_task_id, receivable_id)
    ) STRICT
    """,
    "CREATE INDEX call_task_item_receivable ON call_task_item (receivable_id, level)",
    # A run that wrote, and the first of a day.
    """
    CREATE TABLE dunning_run (
        id INTEGER PRIMARY KEY,
        run_on TEXT NOT NULL,
        notices INTEGER NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
)

ERASED = "erased"
"""What stands where a name stood."""

M012 = (
    # A lead on its way through a sequence of config.yaml. `next_on`: when the step behind `position` is due, as it was
    # planned then. `touch_id` and `lead_event_id`: the newest there were when it was enrolled, so that a reply since
    # then stops it, whatever the clock says.
    """
    CREATE TABLE sequence_event (
        id INTEGER PRIMARY KEY,
        lead_id INTEGER NOT NULL REFERENCES lead,
        sequence TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('enrolled', 'step', 'stopped')),
        position INTEGER NOT NULL CHECK (position >= 0),
        next_on TEXT,
        outbox_id INTEGER UNIQUE REFERENCES outbox,
        template TEXT,
        task TEXT,
        reason TEXT,
        touch_id INTEGER NOT NULL,
        lead_event_id INTEGER NOT NULL,
        event_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        CHECK ((kind = 'stopped') = (reason IS NOT NULL)),
        CHECK (kind <> 'stopped' OR next_on IS NULL)
    ) STRICT
    """,
    "CREATE INDEX sequence_event_lead ON sequence_event (lead_id, sequence)",
    "CREATE INDEX sequence_event_next ON sequence_event (next_on) WHERE next_on IS NOT NULL",
    "CREATE UNIQUE INDEX sequence_event_step ON sequence_event (lead_id, sequence, position) WHERE kind = 'step'",
    "CREATE INDEX sequence_event_task ON sequence_event (id) WHERE task IS NOT NULL",
    # Who is not to be written to, or not to come back: keyed hashes of addresses, of ids in other programs and of rows.
    # `outbox_id` is the newest mail there was then: no later one goes to the address.
    """
    CREATE TABLE suppression_key (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        secret BLOB NOT NULL CHECK (length(secret) = 32)
    ) STRICT
    """,
    """
    CREATE TABLE suppression (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('email', 'id', 'row')),
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        reason TEXT NOT NULL CHECK (reason IN ('unsubscribe', 'bounce', 'erased')),
        since_on TEXT NOT NULL,
        outbox_id INTEGER NOT NULL,
        recorded_at TEXT NOT NULL,
        UNIQUE (hash, reason)
    ) STRICT
    """,
    # Whose data was removed. The record stays without it, so that nothing points into the void.
    """
    CREATE TABLE erasure (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('lead', 'customer')),
        record_id INTEGER NOT NULL,
        erased_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        UNIQUE (kind, record_id)
    ) STRICT
    """,
)

CLOSED_RATE = """rate_on <= (SELECT closed_until FROM period_close ORDER BY id DESC LIMIT 1)
    AND {rate}recorded_at <= (SELECT recorded_at FROM period_close ORDER BY id DESC LIMIT 1)"""
"""Whether a rate stood already when its month was closed."""

M014 = (
    # A closed month says what it said in every currency: where a rate was known on a day of it, no other one comes in
    # between, and none goes. Before the first known rate of a currency there is no figure that could change.
    f"""
    CREATE TRIGGER rate_stays_closed BEFORE INSERT ON rate
    WHEN NEW.rate_on <= (SELECT closed_until FROM period_close ORDER BY id DESC LIMIT 1)
    AND EXISTS (SELECT 1 FROM rate WHERE base = NEW.base AND currency = NEW.currency AND rate.rate_on <= NEW.rate_on
        AND rate.{CLOSED_RATE.format(rate="rate.")})
    BEGIN SELECT RAISE(ABORT, 'rate: the month is closed'); END
    """,
    f"""
    CREATE TRIGGER rate_never_leaves_a_closed_month BEFORE DELETE ON rate
    WHEN OLD.{CLOSED_RATE.format(rate="OLD.")}
    BEGIN SELECT RAISE(ABORT, 'rate: the month is closed'); END
    """,
    f"""
    CREATE TRIGGER rate_never_changes_in_a_closed_month BEFORE UPDATE ON rate
    WHEN OLD.{CLOSED_RATE.format(rate="OLD.")}
    BEGIN SELECT RAISE(ABORT, 'rate: the month is closed'); END
    """,
)

# What an erasure takes out of facts: the words of these columns, of the records that it names. Nothing else may change.
ERASED_LEAD = "EXISTS (SELECT 1 FROM erasure WHERE kind = 'lead' AND record_id = {lead})"
ERASED_OPPORTUNITY = """EXISTS (SELECT 1 FROM opportunity JOIN erasure
    ON kind = 'lead' AND record_id = lead_id OR kind = 'customer' AND record_id = customer_id
    WHERE opportunity.id = OLD.opportunity_id)"""
SEQUENCE_FACTS = (
    "id lead_id sequence kind position next_on outbox_id template reason touch_id lead_event_id event_on recorded_at"
)
M012_WORDS = (
    ("lead_event", "id lead_id kind event_on recorded_at", "reason note", ERASED_LEAD.format(lead="OLD.lead_id")),
    (
        "opportunity_event",
        "id opportunity_id kind stage probability_ppm reason event_on recorded_at batch_id",
        "note",
        ERASED_OPPORTUNITY,
    ),
    (
        "sequence_event",
        SEQUENCE_FACTS,
        "task",
        ERASED_LEAD.format(lead="OLD.lead_id"),
    ),
    (
        "outbox_attempt",
        "id outbox_id state tried happened_on recorded_at",
        "said",
        "EXISTS (SELECT 1 FROM outbox WHERE id = OLD.outbox_id AND message = X'')",
    ),
)
# A mail that rests for good may lose its words: all of them at once, and nothing else may change.
OUTBOX_GUARD = f"""
    CREATE TRIGGER outbox_message_never_changes BEFORE UPDATE OF id, kind, record_id, about, customer_id, sender,
        recipient, subject, message_id, message, message_sha256, queued_on, recorded_at ON outbox
    WHEN NOT (NEW.id = OLD.id AND NEW.kind = OLD.kind AND NEW.record_id = OLD.record_id
        AND NEW.about = OLD.about AND NEW.customer_id IS OLD.customer_id AND NEW.sender = OLD.sender
        AND NEW.message_id = OLD.message_id AND NEW.message_sha256 = OLD.message_sha256
        AND NEW.queued_on = OLD.queued_on AND NEW.recorded_at = OLD.recorded_at
        AND NEW.message = X'' AND NEW.recipient = '{ERASED}' AND NEW.subject = '{ERASED}'
        AND ({{may_go}}))
    BEGIN SELECT RAISE(ABORT, 'outbox: what is mailed is never changed'); END
    """
OF_A_SEQUENCE = f"""OLD.kind = 'lead' AND OLD.state IN ('sent', 'cancelled')
    AND {ERASED_LEAD.format(lead="OLD.record_id")}"""

M013 = (
    # `code_norm` is how a line finds it. A price is in one currency, and says what its tax code says of tax in it.
    """
    CREATE TABLE item (
        id INTEGER PRIMARY KEY,
        code TEXT NOT NULL,
        code_norm TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        unit TEXT,
        price_micro INTEGER CHECK (price_micro >= 0),
        currency TEXT,
        tax_code TEXT,
        further TEXT,
        created_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        batch_id INTEGER REFERENCES batch,
        CHECK ((price_micro IS NULL) = (currency IS NULL))
    ) STRICT
    """,
    # What a line was about when it was agreed, whatever becomes of the item; a line of an invoice names its own.
    "ALTER TABLE quote_line ADD COLUMN item_id INTEGER REFERENCES item",
    "ALTER TABLE contract_line ADD COLUMN item_id INTEGER REFERENCES item",
    "CREATE INDEX quote_line_item ON quote_line (item_id) WHERE item_id IS NOT NULL",
    "CREATE INDEX contract_line_item ON contract_line (item_id) WHERE item_id IS NOT NULL",
    # When a customer became part of another: what was said of it before was said of it alone.
    "ALTER TABLE customer ADD COLUMN merged_at TEXT",
    "CREATE INDEX customer_merged ON customer (merged_into_id) WHERE merged_into_id IS NOT NULL",
    # Of each customer the one that it is now: itself, or the one that it was merged into.
    """
    CREATE VIEW customer_now AS
    SELECT own.id AS own_id, kept.id, kept.name
    FROM customer AS own JOIN customer AS kept ON kept.id = COALESCE(own.merged_into_id, own.id)
    """,
)

M015 = (
    # What somebody has to do, about a customer or a lead, and what it comes from: a level of dunning, or a step of a
    # sequence. `text` becomes null with an erasure. Which kinds there are is no rule of the file: more will come.
    """
    CREATE TABLE task (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        text TEXT,
        customer_id INTEGER REFERENCES customer,
        lead_id INTEGER REFERENCES lead,
        sequence_event_id INTEGER UNIQUE REFERENCES sequence_event,
        level TEXT,
        currency TEXT,
        notice_id INTEGER REFERENCES notice,
        since_on TEXT NOT NULL,
        due_on TEXT,
        recorded_at TEXT NOT NULL,
        CHECK ((customer_id IS NULL) <> (lead_id IS NULL)),
        CHECK ((level IS NULL) = (currency IS NULL)),
        CHECK (level IS NULL OR customer_id IS NOT NULL),
        CHECK (notice_id IS NULL OR level IS NOT NULL),
        CHECK (sequence_event_id IS NULL OR lead_id IS NOT NULL)
    ) STRICT
    """,
    "CREATE INDEX task_customer ON task (customer_id) WHERE customer_id IS NOT NULL",
    "CREATE INDEX task_lead ON task (lead_id) WHERE lead_id IS NOT NULL",
    "CREATE INDEX task_notice ON task (notice_id) WHERE notice_id IS NOT NULL",
    # What a call for money is about.
    """
    CREATE TABLE task_item (
        task_id INTEGER NOT NULL REFERENCES task,
        receivable_id INTEGER NOT NULL REFERENCES receivable,
        level TEXT NOT NULL,
        PRIMARY KEY (task_id, receivable_id)
    ) STRICT
    """,
    "CREATE INDEX task_item_receivable ON task_item (receivable_id, level)",
    # That it was done, once. What was said in a call with a lead is the note of the touch.
    """
    CREATE TABLE task_done (
        task_id INTEGER PRIMARY KEY REFERENCES task,
        done_on TEXT NOT NULL,
        note TEXT,
        actor TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT
    """,
    # The tasks of before, in the order in which they arose. Words about who was erased do not come along.
    """
    INSERT INTO task (kind, text, customer_id, lead_id, sequence_event_id, level, currency, notice_id, since_on,
        recorded_at)
    SELECT 'call', CASE WHEN NOT EXISTS (SELECT 1 FROM erasure WHERE kind = 'customer' AND record_id = customer_id)
        THEN text END, customer_id, lead_id, step_id, level, currency, notice_id, since_on, recorded_at
    FROM (
        SELECT text, customer_id, NULL AS lead_id, NULL AS step_id, level, currency, notice_id,
            decided_on AS since_on, recorded_at, id FROM call_task
        UNION ALL
        SELECT task, NULL, lead_id, id, NULL, NULL, NULL, event_on, recorded_at, id
        FROM sequence_event WHERE task IS NOT NULL
    ) AS before
    ORDER BY recorded_at, step_id IS NULL, id
    """,
    # A level of an instalment is called about once: where there were two calls, the first has it.
    """
    WITH nth AS (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM task WHERE level IS NOT NULL),
    old AS (SELECT id, notice_id, ROW_NUMBER() OVER (ORDER BY recorded_at, id) AS n FROM call_task),
    item AS (SELECT nth.id AS task_id, old.notice_id, receivable_id, call_task_item.level FROM call_task_item
        JOIN old ON old.id = call_task_id JOIN nth ON nth.n = old.n)
    INSERT INTO task_item (task_id, receivable_id, level)
    SELECT task_id, receivable_id, level FROM item WHERE notice_id IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM item AS earlier WHERE earlier.notice_id IS NULL AND earlier.task_id < item.task_id
        AND earlier.receivable_id = item.receivable_id AND earlier.level = item.level)
    ORDER BY task_id, receivable_id
    """,
    "DROP TABLE call_task_item",
    "DROP TABLE call_task",
    "DROP INDEX sequence_event_task",
    "DROP TRIGGER sequence_event_never_changes",
    "DROP TRIGGER sequence_event_never_goes",
    "ALTER TABLE sequence_event DROP COLUMN task",
)

ERASED_ABOUT = """EXISTS (SELECT 1 FROM task JOIN erasure
    ON erasure.kind = 'lead' AND record_id = lead_id OR erasure.kind = 'customer' AND record_id = customer_id
    WHERE task.id = {task})"""
M015_WORDS = (
    (
        "task",
        "id kind customer_id lead_id sequence_event_id level currency notice_id since_on due_on recorded_at",
        "text",
        ERASED_ABOUT.format(task="OLD.id"),
    ),
    ("task_done", "task_id done_on actor recorded_at", "note", ERASED_ABOUT.format(task="OLD.task_id")),
)

M016 = (
    # All that a notice said is open, and how much of it: `notice_item` has what of it went up a level. What the notice
    # claimed itself are receivables of its own.
    """
    CREATE TABLE notice_listed (
        notice_id INTEGER NOT NULL REFERENCES notice,
        receivable_id INTEGER NOT NULL REFERENCES receivable,
        balance_minor INTEGER NOT NULL CHECK (balance_minor >= 0),
        PRIMARY KEY (notice_id, receivable_id)
    ) STRICT
    """,
)

# On paper a mail is a letter: `message` is its page, `recipient` the postal address in one line.
M017 = (
    "ALTER TABLE outbox ADD COLUMN channel TEXT NOT NULL DEFAULT 'mail' CHECK (channel IN ('mail', 'letter'))",
    """
    CREATE TRIGGER outbox_channel_never_changes BEFORE UPDATE OF channel ON outbox
    BEGIN SELECT RAISE(ABORT, 'outbox: what is mailed is never changed'); END
    """,
)

M018 = (
    # Notices that were cancelled: so was their newest mail. Others went to addresses that were corrected since.
    """
    CREATE VIEW notice_cancelled AS
    SELECT record_id AS notice_id FROM outbox WHERE kind = 'notice' AND state = 'cancelled' AND NOT EXISTS (
        SELECT 1 FROM outbox AS newer
        WHERE newer.kind = outbox.kind AND newer.record_id = outbox.record_id AND newer.id > outbox.id)
    """,
    # Of each invoice that has one the policy that was chosen last.
    """
    CREATE VIEW dunning_choice_now AS
    SELECT invoice_id, policy FROM dunning_choice WHERE NOT EXISTS (SELECT 1 FROM dunning_choice AS later
        WHERE later.invoice_id = dunning_choice.invoice_id AND later.id > dunning_choice.id)
    """,
)

# More words that go: why a deal was lost, an invoice or a customer held or disputed; and mails that never went out.
ERASED_CUSTOMER = "EXISTS (SELECT 1 FROM erasure WHERE kind = 'customer' AND record_id = {customer})"
HELD_CUSTOMER = "COALESCE(OLD.customer_id, (SELECT customer_id FROM invoice WHERE id = OLD.invoice_id))"
M019_WORDS = (
    (
        "opportunity_event",
        "id opportunity_id kind stage probability_ppm event_on recorded_at batch_id",
        "reason note",
        ERASED_OPPORTUNITY,
    ),
    (
        "dunning_event",
        "id kind invoice_id customer_id until_on amount_minor event_on recorded_at",
        "reason",
        ERASED_CUSTOMER.format(customer=HELD_CUSTOMER),
    ),
)
NEVER_WENT = f"""OLD.kind <> 'lead' AND OLD.state = 'cancelled'
    AND NOT EXISTS (SELECT 1 FROM outbox_attempt WHERE outbox_id = OLD.id AND state IN ('sent', 'unknown'))
    AND {ERASED_CUSTOMER.format(customer="OLD.customer_id")}"""
# Of who was erased before.
M019 = (
    f"""
    UPDATE opportunity_event SET reason = NULL
    WHERE reason NOT IN ('budget', 'need', 'authority', 'timing', 'price', 'competitor')
    AND {ERASED_OPPORTUNITY.replace("OLD", "opportunity_event")}
    """,
    f"""
    UPDATE dunning_event SET reason = NULL
    WHERE reason IS NOT NULL AND {ERASED_CUSTOMER.format(customer=HELD_CUSTOMER.replace("OLD", "dunning_event"))}
    """,
    f"""
    UPDATE outbox SET message = X'', recipient = '{ERASED}', subject = '{ERASED}'
    WHERE {NEVER_WENT.replace("OLD", "outbox")}
    """,
    """
    UPDATE outbox_attempt SET said = NULL
    WHERE said IS NOT NULL AND outbox_id IN (SELECT id FROM outbox WHERE message = X'')
    """,
)


def _keep_facts(table: str, may_go: str = "FALSE") -> tuple[str, str]:
    """Triggers that refuse to change or delete a row of the table, but for rows that may go."""
    create = "CREATE TRIGGER {name} BEFORE {event} ON {table} {when}BEGIN SELECT RAISE(ABORT, '{table}: {why}'); END"
    when = "" if may_go == "FALSE" else f"WHEN NOT ({may_go}) "
    return (
        create.format(
            name=f"{table}_never_changes", event="UPDATE", table=table, when="", why="a fact is never changed"
        ),
        create.format(
            name=f"{table}_never_goes", event="DELETE", table=table, when=when, why="a fact is never deleted"
        ),
    )


def m001_main_road(db: Database) -> None:
    """Everything from the first touch to the last cent, right from the start."""
    _make(db, M001, M001_FACTS)


def m002_imports(db: Database) -> None:
    """Rows of other programs: what else they say, what they said last, and opportunities won elsewhere."""
    for statement in M002:
        db.execute(statement)
    for statement in _keep_facts("opportunity_event", may_go="OLD.batch_id IS NOT NULL"):  # with an import taken back
        db.execute(statement)


def m003_rates(db: Database) -> None:
    """What other currencies are worth."""
    for statement in M003:
        db.execute(statement)


def m004_credits(db: Database) -> None:
    """Credit notes with their lines and taxes, refunds, and the reasons of write-offs."""
    _make(db, M004, M004_FACTS)


def m005_outbox(db: Database) -> None:
    """The one queue of all mail, and what became of each."""
    _make(db, M005, M005_FACTS)


def m006_taxes(db: Database) -> None:
    """Cash rounding, and why nothing is taxed."""
    _make(db, M006, ())


def m007_payments(db: Database) -> None:
    """Early-payment discounts, payments in another currency, and the way back from a refund or a write-off."""
    _make(db, M007, M007_FACTS)


def m009_close(db: Database) -> None:
    """Months that are closed, what they said, and triggers that let nothing be dated into them."""
    _make(db, M009, M009_FACTS)


def m010_recurring(db: Database) -> None:
    """Contracts that are amended, terminated, or run until they are."""
    _make(db, M010, M010_FACTS)


def m011_dunning(db: Database) -> None:
    """Holds, disputes and promises; notices with what they claimed; whom to call; when dunning ran."""
    _make(db, M011, M011_FACTS)


def m012_nurture(db: Database) -> None:
    """Leads in sequences, who is not to be written to, and whose data was removed."""
    _make(db, M012, M012_FACTS)
    _let_mails_go(db, OF_A_SEQUENCE)
    _let_words_go(db, M012_WORDS)


def m014_closed_rates(db: Database) -> None:
    """A closed month keeps the rates by which it is converted."""
    _make(db, M014, ())


def m013_items(db: Database) -> None:
    """Items, and which one a line is about; customers that became part of another."""
    _make(db, M013, ())


def m015_tasks(db: Database) -> None:
    """One table of tasks, whatever they are about, and the fact that one was done."""
    _make(db, M015, (*M015_FACTS, "sequence_event"))
    _let_words_go(db, M015_WORDS)


def m016_notice_listed(db: Database) -> None:
    """What a notice listed and summed, beside what of it went up a level."""
    _make(db, M016, M016_FACTS)


def m017_letters(db: Database) -> None:
    """Letters on paper wait and go as mails do."""
    _make(db, M017, ())


def m018_dunning_now(db: Database) -> None:
    """Which notices are cancelled, and which policy an invoice has, said once."""
    _make(db, M018, ())


def m019_words(db: Database) -> None:
    """An erasure reaches reasons of lost deals, holds and disputes, and mails that never went out."""
    _let_words_go(db, M019_WORDS)
    _let_mails_go(db, f"{OF_A_SEQUENCE} OR {NEVER_WENT}")
    _make(db, M019, ())


# What a call stands for: a level of the ladder, or one before the due date; and whether it stops shipping.
M020 = (
    "ALTER TABLE task ADD COLUMN on_ladder INTEGER NOT NULL DEFAULT 1 CHECK (on_ladder IN (0, 1))",
    "ALTER TABLE task ADD COLUMN stops_shipping INTEGER NOT NULL DEFAULT 0 CHECK (stops_shipping IN (0, 1))",
)


def m020_calls(db: Database) -> None:
    """A call keeps of its level what a notice does."""
    _make(db, M020, ())


# Until now what a withdrawn claim gave back to a credit note named none.
M021 = (
    "DROP TRIGGER settlement_never_changes",
    """
    UPDATE settlement SET credit_id = (SELECT credit_id FROM settlement AS made WHERE made.id = settlement.reverses_id)
    WHERE kind = 'reversal' AND payment_id IS NULL
    """,
    _keep_facts("settlement")[0],
)


def m021_credit_reversals(db: Database) -> None:
    """What a credit note had settled, and is open again, is credit again."""
    _make(db, M021, ())


def _let_words_go(db: Database, facts: tuple[tuple[str, str, str, str], ...]) -> None:
    """Guard facts as before, but for the words of a person that is erased: they may become nothing."""
    for table, kept, words, is_erased in facts:
        same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in kept.split())
        gone = " AND ".join(f"(NEW.{column} IS NULL OR NEW.{column} IS OLD.{column})" for column in words.split())
        when = f"WHEN NOT ({same} AND {gone} AND {is_erased})"
        why = f"SELECT RAISE(ABORT, '{table}: a fact is never changed')"
        db.execute(f"DROP TRIGGER {table}_never_changes")
        db.execute(f"CREATE TRIGGER {table}_never_changes BEFORE UPDATE ON {table} {when} BEGIN {why}; END")


def _let_mails_go(db: Database, may_go: str) -> None:
    """Guard mails, but for those that may lose their words."""
    db.execute("DROP TRIGGER outbox_message_never_changes")
    db.execute(OUTBOX_GUARD.format(may_go=may_go))


def _make(db: Database, statements: tuple[str, ...], facts: tuple[str, ...]) -> None:
    for statement in statements:
        db.execute(statement)
    for table in facts:
        for statement in _keep_facts(table):
            db.execute(statement)


MIGRATIONS = (
    m001_main_road,
    m002_imports,
    m003_rates,
    m004_credits,
    m005_outbox,
    m006_taxes,
    m007_payments,
    m009_close,
    m010_recurring,
    m011_dunning,
    m012_nurture,
    m014_closed_rates,
    m013_items,
    m015_tasks,
    m016_notice_listed,
    m017_letters,
    m018_dunning_now,
    m019_words,
    m020_calls,
    m021_credit_reversals,
)
VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to `VERSION`, inside the caller's transaction: all of it or nothing."""
    import sqlite_utils
    from sqlite_utils.migrations import Migrations

    db = sqlite_utils.Database(connection, execute_plugins=False)
    ours = Migrations("ltc")
    for migration in MIGRATIONS:
        ours()(migration)
    ours.apply(db)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
