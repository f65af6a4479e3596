"""What other programs call the columns that we know: HubSpot, Salesforce, Dynamics, Zoho, Pipedrive, LinkedIn, Google,
Outlook, Odoo, SuiteCRM, Freshsales, Close, Apollo, Meta, and people, in English, Chinese and German. Names are compared
without case, blanks and punctuation. A name that may mean two things is not here: its column stays with the record.
"""

from __future__ import annotations

import re
import unicodedata

from ltc_cli.rules.money import CURRENCIES

# Field → names, the surest first.
LEADS = {
    "external_id": "external_id, lead id, mql id, record id, do not modify lead, lead pipedrive system id,"
    " person pipedrive system id, id, lead record id, contact id, do not modify contact, person id, prospect id,"
    " apollo contact id, zoominfo contact id, response id, customer id, uid, uuid, guid, 线索编号, 线索id,"
    " 客户编号, 编号, datensatz id, kontakt id, kundennummer",
    "name": "contact name, full name, person name, name, lead name, lead contact person, contact person, person,"
    " contact, display name, your name, customer name, lead, what is your name,"
    " what s your name, 姓名, 名称, 联系人, 联系人姓名, 客户姓名, 名字,"
    " 线索名称, ansprechpartner",
    "first_name": "first name, person first name, fname, given name, forename, vorname, prénom, prenom, nombre, 名",
    "last_name": "last name, person last name, lname, surname, family name, nachname, nom, apellido, apellidos, 姓,"
    " 姓氏",
    "company": "company name, company, company account, account name, lead organization, person organization,"
    " organization name, organisation name, organization, organisation, organization 1 name,"
    " associated company primary, associated company, primary company, employer, account, related company,"
    " partner name, business name, firma, firmenname, unternehmen, entreprise, société, societe, empresa, 公司名称,"
    " 公司, 企业名称, 企业, 单位, 单位名称, 客户公司, 所属公司, 公司全称, 客户名称",
    "email": "email, email address, primary email, mail, work email, business email, email 1, email 1 value,"
    " email 1 address, person email, person email work, email work, email from, contact email, lead email,"
    " user email, your email, what is your email, what s your email,"
    " email 2 address, email 2 value, email 2, email 3 address, email 3 value, other email,"
    " home email, email home, person email home, person email other, secondary email, email adresse, mailadresse,"
    " 邮箱, 电子邮箱, 电子邮件, 邮件, 邮箱地址, 联系邮箱, 联系人邮箱",
    "phone": "phone, phone number, telephone, telephone number, tel, work phone, business phone, office phone,"
    " phone work, phone office, phone 1 value, person phone, person phone work, primary phone, first phone,"
    " work direct phone, direct phone, direct phone number, mobile, mobile phone, mobile phone number,"
    " mobile number, phone mobile, cell, cell phone, person phone mobile, contact phone, user phone, your phone,"
    " phone 2 value, person phone home, home phone, phone home, person phone other, other phone, corporate phone,"
    " company phone, company main phone, business phone 2, telefon, telefonnummer, mobil, mobiltelefon,"
    " mobilnummer, handy, handynummer, téléphone, teléfono, whatsapp, 手机, 手机号, 手机号码, 电话, 联系电话,"
    " 电话号码, 联系人电话, 联系人手机, 座机, 固定电话",
    "title": "job title, organization title, organization 1 title, person job title, job position, position, title,"
    " function, role, designation, berufsbezeichnung, 职位, 职务, 岗位",
    "country": "country, country region, country code, country name, business country region, business country,"
    " work country, mailing country, address 1 country, primary address country, country id, country id name,"
    " organization country, company country, billing country, home country, home country region, address country,"
    " land, pays, país, 国家, 国家地区",
    "source": "lead source, source, origin, original traffic source, original source, source id, source id name,"
    " lead source channel, lead source origin, person source channel, channel, lead channel, traffic source,"
    " utm source, acquisition channel, lead source category, how did you hear about us, 线索来源, 客户来源, 来源,"
    " 来源渠道, 渠道来源, 获客渠道, 渠道, leadquelle, quelle, herkunft",
    "campaign": "campaign, campaign name, campaign id name, utm campaign, lead campaign, campaign source, 市场活动,"
    " 活动, 活动名称, 推广计划, kampagne",
    "owner": "lead owner, contact owner, person owner, owner, owner name, owned by, lead owner name, record owner,"
    " assigned to, assigned user, assigned to name, assigned user name, user id name, salesperson, sales rep,"
    " sales owner, account manager, responsible, user responsible, lead owner alias, company owner, 负责人,"
    " 线索负责人, 所有人, 线索所有人, 归属人, 客户经理, 销售, 销售人员, 业务员, 跟进人, kontaktinhaber,"
    " leadinhaber, inhaber, besitzer, zuständig, zuständiger mitarbeiter, verantwortlich, verantwortlicher,"
    " vertriebsmitarbeiter, betreuer",
    "note": "notes, note, description, comments, comment, remarks, remark, message, your message, internal notes,"
    " notizen, notiz, bemerkung, bemerkungen, beschreibung, kommentar, 备注, 说明, 描述, 线索描述, 留言",
    "created_on": "created on, created time, create date, created at, created date, date created, creation date,"
    " lead created, lead created time, lead lead created, lead creation date, person creation date, person created,"
    " person person created, person add time, add time, created, date added, first contact date, first contacted,"
    " connected on, lead submit time, submission time, submission date, submitted at, submitted on, submit date,"
    " signup date, optin time, entry date, date entered, timestamp, date, 创建时间, 创建日期, 录入时间, 提交时间,"
    " 日期, 首次联系日期, erstellt am, erstelldatum, erstellungsdatum, angelegt am, anlagedatum, erfasst am, datum",
    "opportunity_id": "converted opportunity id, converted deal id, opportunity id, deal id, associated deal ids,"
    " 商机编号, 商机id",
}

OPPORTUNITIES = {
    "external_id": "external_id, deal id, opportunity id, potential id, deal pipedrive system id,"
    " do not modify opportunity, record id, id, 商机编号, 商机id, 编号, datensatz id",
    "lead_id": "lead, lead id, mql id, lead record id, originating lead id, lead external id, original lead,"
    " associated contact ids, associated contact id, contact id, contact name id, deal person id,"
    " deal contact person id, prospect id, person id, associated contact, 线索编号, 线索id",
    "lead_email": "lead email, contact email, email, email address, associated contact email, associated email,"
    " person email, person email work, email from, 邮箱, 电子邮箱, 联系人邮箱",
    "title": "deal name, opportunity name, potential name, deal title, opportunity, deal, title, name, lead title,"
    " subject, topic, 商机名称, 项目名称, 机会名称, 名称, 标题, verkaufschance, projekt",
    "customer": "customer, customer name, account name, company name, company, account, sales account, client,"
    " client name, deal organization, organization name, organization, organisation, associated company primary,"
    " associated company, primary company, potential customer, partner name, partner id name, 客户名称, 客户,"
    " 公司名称, 公司, kunde, firma, unternehmen, lead name, deal contact person, contact person, person name,"
    " contact name, primary contact, 联系人, ansprechpartner",
    "amount": "amount, deal amount, deal value, opportunity amount, value, amount in company currency,"
    " expected revenue, expected amount, planned revenue, est revenue, estimated revenue, estimated value, revenue,"
    " total, price, 商机金额, 预计成交金额, 预计金额, 预计销售金额, 金额, 成交金额, 合同金额, betrag, auftragswert,"
    " dealwert, wert",
    "currency": "currency, deal currency, deal currency of value, currency code, currency iso code,"
    " amount currency, value currency, opportunity currency, transaction currency, company currency, 币种, 货币,"
    " währung",
    "stage": "stage, deal stage, sales stage, stage name, stage id, stage id name, opportunity stage,"
    " pipeline stage, deal stage pipeline, pipeline phase, 销售阶段, 商机阶段, 阶段, phase, dealphase,"
    " vertriebsphase, status label",
    "status": "deal status, opportunity status, status type, status, won status, won lost, forecast type, outcome,"
    " result, 商机状态, 赢单状态, 状态, 结果",
    "is_won": "is won, won, is closed won, 是否赢单, 是否成交",
    "is_lost": "is lost, lost, is closed lost, 是否输单",
    "is_closed": "is closed, closed, is deal closed, 是否关闭",
    "is_active": "active, is active",
    "won_on": "won date, won time, won on, date won, deal won time, won at, closed won date, 赢单日期, 赢单时间,"
    " 成交日期, 成交时间, gewonnen am",
    "lost_on": "lost date, lost time, lost on, date lost, deal lost time, lost at, 输单日期, 输单时间, 丢单时间,"
    " verloren am",
    "closed_on": "actual close date, closed date, date closed, closed on, closed time, closed at, deal closed on,"
    " deal deal closed on, deal closed time, deal close time, 实际成交日期, 实际结单日期, 结束日期, 关闭日期",
    "close_on": "close date, closing date, expected close date, expected closing, est close date,"
    " estimated close date, close on, deal close date, deal expected close date, expected close, 预计成交日期,"
    " 预计成交时间, 预计签单日期, 预计签约日期, 预计结单日期, 结单日期, abschlussdatum,"
    " voraussichtliches abschlussdatum, erwarteter abschluss",
    "created_on": "deal created, deal deal created, deal created time, deal creation date, deal add time,"
    " opened on, open date, " + LEADS["created_on"],
    "owner": "deal owner, opportunity owner, potential owner, deal owner name, 商机负责人, " + LEADS["owner"],
    "probability": "probability, deal probability, win probability, close probability, chance, confidence, 赢率,"
    " 赢单率, 成交概率, 概率, wahrscheinlichkeit",
    "reason": "lost reason, closed lost reason, loss reason, deal lost reason, deal loss reason, reason lost,"
    " close lost reason, reason for loss, lost reason id, lost reason id name, reason, 输单原因, 丢单原因,"
    " 失败原因, verlustgrund",
    "source": "deal source, opportunity source, deal source channel, 商机来源, " + LEADS["source"],
    "campaign": LEADS["campaign"],
    "next_step": "next step, next steps, next activity, 下一步, nächster schritt",
    "note": LEADS["note"] + ", deal description, 商机描述",
}

CUSTOMERS = {
    "external_id": "external_id, company id, customer id, account id, organization id, record id, id, 客户编号, 编号",
    "name": "name, company name, customer name, account name, company, customer, organization, organization name,"
    " organisation, client, client name, legal name, firma, 客户名称, 公司名称, 公司, 名称",
    "contact": "contact, contact name, contact person, primary contact, ansprechpartner, 联系人",
    "email": "email, e-mail, email address, billing email, invoice email, 邮箱, 电子邮箱",
    "phone": "phone, phone number, telephone, office phone, main phone, 电话, 联系电话",
    "country": "country, country region, billing country, country code, land, 国家",
    "address": "address, street, street address, billing street, address line 1, strasse, straße, 地址",
    "postal_code": "postal code, zip, zip code, zip postal code, billing postal code, billing zip, plz, 邮编",
    "city": "city, billing city, town, ort, stadt, 城市",
    "state": "state, state region, state province, billing state, province, region, 省份",
    "tax_id": "tax id, vat, vat id, vat number, tax number, ust id, ustid, 税号, 纳税人识别号",
    "language": "language, lang, sprache, 语言",
    "owner": LEADS["owner"] + ", company owner, customer owner, account owner",
    "note": LEADS["note"],
    "created_on": LEADS["created_on"] + ", customer since",
}

TOUCHES = {
    "external_id": "external_id, activity id, engagement id, touch id, task id, event id, record id, id, 编号",
    "lead_id": OPPORTUNITIES["lead_id"],
    "lead_email": OPPORTUNITIES["lead_email"],
    "kind": "kind, type, activity type, engagement type, touch, event type, channel, 类型, 跟进方式",
    "touched_on": "touched on, date, activity date, on, day, due date, created on, create date, timestamp, start time,"
    " time, 日期, 跟进时间",
    "subject": "subject, title, call meeting title subject, activity subject, 主题",
    "note": LEADS["note"] + ", notes description, body, activity notes, details, 跟进内容",
}

CONTRACTS = {
    "external_id": "external_id, contract id, contract number, contract no, order id, order number, id, vertragsnummer,"
    " 合同编号, 编号",
    "opportunity": "opportunity, opportunity id, deal id, deal, potential id, 商机编号",
    "customer": OPPORTUNITIES["customer"] + ", kunde",
    "title": "title, contract name, contract title, subject, name, description, betreff, 合同名称, 标题",
    "amount": "amount, contract amount, contract value, value, total, net, betrag, 金额, 合同金额",
    "currency": OPPORTUNITIES["currency"] + ", währung",
    "terms": "terms, payment terms, payment plan, zahlungsbedingungen, 付款条件",
    "signed_on": "signed on, signed date, date signed, signature date, contract date, signed at, order date, date,"
    " vertragsdatum, 签订日期, 签约日期",
    "signed_by": "signed by, signatory, customer signed by, 签约人",
    "starts_on": "starts on, start date, contract start date, begin, beginn, 开始日期",
    "ends_on": "ends on, end date, contract end date, expiry date, ende, 结束日期, 到期日期",
}

SHIPMENTS = {
    "external_id": "external_id, shipment id, shipment number, delivery id, delivery number, id, 发货单号, 编号",
    "contract": "contract, contract id, contract number, contract no, order id, order number, order, 合同编号",
    "shipped_on": "shipped on, ship date, shipping date, shipped date, date shipped, dispatch date, date, 发货日期",
    "delivered_on": "delivered on, delivery date, delivered date, date delivered, 送达日期, 签收日期",
    "carrier": "carrier, shipper, shipping method, 承运商, 快递公司",
    "tracking": "tracking, tracking number, tracking no, tracking id, 运单号, 快递单号",
}

INVOICES = {
    "number": "number, invoice number, invoice no, invoice id, invoice, document number, doc no, rechnungsnummer,"
    " rechnung, belegnummer, 发票号, 发票号码, 账单编号",
    "customer": OPPORTUNITIES["customer"] + ", bill to, buyer, debtor, kunde, 购买方",
    "customer_id": "customer id, customer number, customer no, customer code, debtor number, kundennummer, 客户编号",
    "issued_on": "issued on, invoice date, date, issue date, date issued, document date, rechnungsdatum,"
    " datum, 开票日期, 日期",
    "due_on": "due on, due date, due, payment due, fällig, fälligkeit, fälligkeitsdatum, 到期日, 到期日期",
    "amount": "amount, total, invoice amount, total amount, gross, gross amount, invoice total, betrag, brutto,"
    " bruttobetrag, 金额, 价税合计, 总金额",
    "net": "net, net amount, subtotal, amount without tax, netto, nettobetrag, 不含税金额",
    "tax": "tax, tax amount, vat, vat amount, ust, mwst, steuer, 税额",
    "paid": "paid, amount paid, paid amount, bezahlt, 已付金额",
    "settled_on": "settled on, settled date, paid on, paid date, payment date, date paid, bezahlt am,"
    " 付款日期, 结清日期",
    "currency": OPPORTUNITIES["currency"] + ", währung",
    "text": "text, description, subject, item, memo, betreff, 摘要, 项目",
}

PAYMENTS = {
    "external_id": "external_id, payment id, transaction id, id, payment number, 流水号, 编号",
    "invoice": "invoice, invoice number, invoice no, invoice id, rechnungsnummer, rechnung, 发票号, 发票号码",
    "customer": "customer, customer name, customer id, payer, client, debtor, kunde, auftraggeber, 客户, 付款方",
    "received_on": "received on, payment date, date, paid on, date received, booking date, value date, datum,"
    " buchungstag, 付款日期, 收款日期, 日期",
    "amount": "amount, payment amount, amount paid, paid, total, betrag, 金额, 收款金额",
    "currency": OPPORTUNITIES["currency"] + ", währung",
    "method": "method, payment method, type, zahlungsart, 付款方式",
    "reference": "reference, payment reference, memo, description, verwendungszweck, 备注, 附言",
}

RATES = {
    "rate_on": "rate on, date, day, datum, 日期",
    "currency": "currency, currency code, code, währung, 币种",
    "rate": "rate, exchange rate, kurs, 汇率",
}

ITEMS = {
    "external_id": "external_id, external id, item id, product id, variant id, record id, id, artikel id,"
    " 商品id, 产品id",
    "code": "code, item code, sku, variant sku, internal reference, default code, product code, item number, item no,"
    " product sku, part number, article number, item, product service, artikelnummer, artikel nr, art nr, 商品编码,"
    " 产品编码, 物料编码, 商品编号, 产品编号, 货号, 编码",
    "name": "name, item name, product name, display name, title, product service name, description, item description,"
    " sales description, product description, bezeichnung, artikelbezeichnung, artikelname, beschreibung, 名称,"
    " 商品名称, 产品名称, 物料名称, 品名",
    "price": "price, sales price, list price, unit price, sales unit price, rate, price list rate,"
    " standard selling rate, sales price rate, selling price, regular price, variant price, standard price,"
    " public price, lst price, amount, unit amount, preis, verkaufspreis, einzelpreis, listenpreis, netto preis,"
    " 单价, 销售单价, 销售价, 价格, 售价",
    "currency": "currency, currency code, price currency, currency id, currency id name, währung, 币种, 货币",
    "tax_code": "tax_code, tax, tax code, vat, vat code, tax rate code, steuercode, steuerschlüssel, 税码",
    "unit": "unit, uom, unit of measure, default unit of measure, stock uom, uom id, uom id name, usage unit,"
    " unit label, einheit, mengeneinheit, 单位, 计量单位",
}

KINDS = {
    "leads": LEADS,
    "opportunities": OPPORTUNITIES,
    "customers": CUSTOMERS,
    "touches": TOUCHES,
    "contracts": CONTRACTS,
    "shipments": SHIPMENTS,
    "invoices": INVOICES,
    "payments": PAYMENTS,
    "rates": RATES,
    "items": ITEMS,
}

DATES = frozenset(
    {
        "created_on",
        "close_on",
        "closed_on",
        "won_on",
        "lost_on",
        "touched_on",
        "issued_on",
        "due_on",
        "settled_on",
        "received_on",
        "rate_on",
        "signed_on",
        "starts_on",
        "ends_on",
        "shipped_on",
        "delivered_on",
    }
)
AMOUNTS = frozenset({"amount", "net", "tax", "paid", "price"})

WRAPPERS = ("properties", "fields", "attributes", "data", "values")
"""Objects of APIs around their values, as in `properties.email`."""
ASIDE = r"(?i)\s*[(（\[](?:utc|gmt|local|primary|required|optional|必填|选填)[^()（）\[\]]*[)）\]][\s*]*$"
"""Words behind a name that do not change what it means."""
WITH_CURRENCY = r"(.+?)\s*(?:[(（\[]\s*(?:in\s+)?([A-Z]{3}|[€$£¥￥₹元])\s*[)）\]]|\s+in\s+([A-Z]{3}|[€$£¥￥₹]))\s*"
"""`Amount (EUR)`, `Betrag in €`."""
ID_NAME = r".*(?:(?:^|[\W_])(?i:id)|[a-z]I[dD]|编号)"
"""A name whose last word is `id`: not `Paid` or `Valid`."""
NO_LEADS = r"(?i)(?:^|[\W_])(?:ad|ads|ad ?set|ad ?group|campaign|form|page|owner|list|group|territory|region|batch)"
"""What an id beside leads may also be of, which many rows share."""
COMPANIES = r"(?i)(?:^|[\W_])(?:account|company|org|organi[sz]ation)"


LONGEST_NAME = 100
"""Characters of a column's name; longer texts are none that we know."""


def squeezed(column: str) -> str:
    """The letters and digits of a column's name, in one case."""
    text = column if column.isascii() else unicodedata.normalize("NFKC", column)
    return "".join(filter(str.isalnum, text.casefold()))


def may_be_id(column: str, *, of_people: bool) -> bool:
    """Whether a first column of this name tells the rows apart; where they are people, a company's id does not."""
    return bool(
        re.fullmatch(ID_NAME, column)
        and not re.search(NO_LEADS, column)
        and not (of_people and re.search(COMPANIES, column))
    )


def currency_of(column: str) -> str:
    """The currency that the name of a column of amounts ends in, as it is written; empty for none."""
    found = re.fullmatch(WITH_CURRENCY, column)
    written = (found[2] or found[3]) if found else ""
    return written if written in CURRENCIES or len(written) == 1 else ""


class Layout:
    """The names of the columns of one kind of record."""

    def __init__(self, kind: str) -> None:
        self.fields = tuple(KINDS[kind])
        self.ranks: dict[str, list[tuple[int, str]]] = {}
        for field, names in KINDS[kind].items():
            for rank, name in enumerate(names.split(",")):
                self.ranks.setdefault(squeezed(name), []).append((rank, field))

    def knows(self, column: str) -> bool:
        return bool(self.meanings(column))

    def meanings(self, column: str) -> list[tuple[int, str]]:
        """Fields that the column may hold, each with its rank (0 is the surest)."""
        if len(column) > LONGEST_NAME:
            return []
        known = self.ranks.get(squeezed(column))
        if known:
            return known
        wrapper, _, wrapped = column.rpartition(".")
        if wrapper.lower() in WRAPPERS:
            return self.meanings(wrapped)
        if bare := re.sub(ASIDE, "", column) if column.rstrip(" *")[-1:] in ")）]" else "":
            known = self.ranks.get(squeezed(bare))
        return known or self._amount(column)

    def _amount(self, column: str) -> list[tuple[int, str]]:
        """An amount whose name ends in its currency."""
        found = re.fullmatch(WITH_CURRENCY, column) if currency_of(column) else None
        known = self.ranks.get(squeezed(found[1])) if found else None
        return [(rank, field) for rank, field in known or () if field in AMOUNTS]
