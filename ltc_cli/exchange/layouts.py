"""What other programs call the columns that we know: HubSpot, Salesforce, Zoho, Pipedrive, LinkedIn, Google, Outlook,
Odoo, SuiteCRM, and people, in English and in Chinese. Names are compared without case, blanks and punctuation.
"""

from __future__ import annotations

import unicodedata

# Field → names, the surest first.
LEADS = {
    "external_id": "external_id, lead id, leadid, mql id, record id, contact id, prospect id, person id, lead record"
    " id, customer id, user id, uid, uuid, guid, id, 线索编号, 线索id, 客户编号, 编号, 序号",
    "name": "name, full name, lead name, contact name, person name, person, contact, contact person, display name,"
    " file as, customer name, lead, 姓名, 名称, 联系人, 联系人姓名, 客户姓名, 线索名称, 客户名称, 名字",
    "first_name": "first name, firstname, given name, forename, vorname, prénom, nombre, 名",
    "last_name": "last name, lastname, surname, family name, nachname, nom, apellido, 姓, 姓氏",
    "company": "company, company name, account name, company account, organization, organisation, organization name,"
    " organisation name, organization 1 name, associated company, employer, account, related company, partner name,"
    " business name, firma, unternehmen, entreprise, société, empresa, 公司, 公司名称, 企业名称, 单位,"
    " 客户公司, 所属公司",
    "email": "email, e-mail, email address, e-mail address, mail, work email, business email, primary email,"
    " e-mail 1 value, email 1, email 1 value, email1, person email, person email work, email work, email from,"
    " contact email, lead email, e-mail 2 value, other email, home email, person email home, email2, secondary email,"
    " 邮箱, 电子邮箱, 电子邮件, 邮件, 邮箱地址",
    "phone": "phone, phone number, telephone, telephone number, tel, work phone, business phone, office phone,"
    " phone work, phone 1 value, person phone, person phone work, primary phone, mobile, mobile phone,"
    " mobile phone number, mobile number, phone mobile, cell, cell phone, person phone mobile, phone 2 value,"
    " home phone, phone home, other phone, contact phone, telefon, handy, téléphone, teléfono, whatsapp, 电话, 手机,"
    " 手机号, 手机号码, 联系电话, 电话号码, 座机",
    "title": "title, job title, position, job position, function, role, designation, organization title,"
    " organization 1 title, 职位, 职务, 岗位",
    "country": "country, country region, country code, business country region, business country, mailing country,"
    " address 1 country, primary address country, billing country, home country, home country region, land, pays,"
    " país, 国家, 国家地区",
    "source": "source, lead source, origin, original source, channel, lead channel, original traffic source,"
    " traffic source, utm source, acquisition channel, lead source category, 来源, 线索来源, 客户来源, 渠道, 来源渠道",
    "campaign": "campaign, campaign name, utm campaign, lead campaign, campaign source, 活动, 市场活动, 推广计划",
    "owner": "owner, lead owner, contact owner, owner name, lead owner name, assigned to, assigned user, assigned to"
    " name, assigned user name, salesperson, sales rep, sales owner, responsible, account manager, record owner,"
    " lead owner alias, user responsible, 负责人, 所有人, 线索所有人, 客户经理, 销售, 业务员, 跟进人",
    "note": "note, notes, description, comment, comments, remark, remarks, message, internal notes, notizen, 备注,"
    " 说明, 描述, 留言",
    "created_on": "created on, created time, create date, created at, created date, date created, creation date,"
    " date created utc, created, lead created, add time, lead created time, person created, date added, first contact"
    " date, first contacted, connected on, submitted at, submission date, signup date, entry date, date entered,"
    " createdate, timestamp, date, 创建时间, 创建日期, 录入时间, 日期, 首次联系日期",
}

OPPORTUNITIES = {
    "external_id": "external_id, deal id, opportunity id, potential id, record id, dealid, opportunityid, id, 商机编号,"
    " 商机id, 编号",
    "lead_id": "lead, lead id, leadid, mql id, lead record id, contact id, prospect id, person id, associated contact"
    " ids, associated contact id, associated contact, lead external id, original lead, 线索编号, 线索id",
    "lead_email": "email, e-mail, email address, contact email, lead email, associated contact email, person email,"
    " associated email, email from, 邮箱, 电子邮箱",
    "title": "title, deal name, opportunity name, potential name, deal title, opportunity, name, deal, lead title,"
    " subject, topic, 商机名称, 名称, 标题, 项目名称",
    "customer": "customer, customer name, account name, company, company name, account, organization, organisation,"
    " organization name, associated company, deal organization, partner name, client, client name, 客户, 客户名称,"
    " 公司, 公司名称",
    "amount": "amount, deal amount, value, deal value, opportunity amount, expected revenue, expected amount, revenue,"
    " amount in company currency, total, price, 金额, 预计金额, 商机金额, 成交金额, 合同金额",
    "currency": "currency, deal currency, currency code, currency iso code, amount currency, 币种, 货币",
    "stage": "stage, deal stage, sales stage, stage name, stagename, opportunity stage, pipeline stage, 阶段, 销售阶段,"
    " 商机阶段",
    "status": "status, deal status, state, opportunity status, forecast type, outcome, result, 状态, 商机状态, 结果",
    "won_on": "won date, won time, won on, date won, deal won time, won at, closed won date, 赢单日期,"
    " 成交日期, 成交时间",
    "lost_on": "lost date, lost time, lost on, date lost, deal lost time, lost at, 输单日期, 丢单时间",
    "close_on": "close date, closing date, closed date, expected close date, expected closing, date closed, close on,"
    " deal expected close date, deal close date, deal closed on, expected close, closed on, closed time, deal closed"
    " time, 预计成交日期, 结束日期, 关闭日期, 预计签单日期",
    "created_on": LEADS["created_on"] + ", deal created, deal created time, deal add time, opened on, open date",
    "owner": LEADS["owner"] + ", deal owner, potential owner, opportunity owner, deal owner name, 商机负责人",
    "probability": "probability, deal probability, probability %, win probability, chance, 赢率, 概率",
    "reason": "reason, lost reason, closed lost reason, loss reason, deal lost reason, reason lost, close lost reason,"
    " reason for loss, 输单原因, 丢单原因, 失败原因",
    "source": LEADS["source"] + ", deal source, opportunity source",
    "campaign": LEADS["campaign"] + ", campaign source",
    "next_step": "next step, next steps, next activity, 下一步",
    "note": LEADS["note"],
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
}

DATES = frozenset(
    {
        "created_on",
        "close_on",
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
AMOUNTS = frozenset({"amount", "net", "tax", "paid"})
ID_ENDINGS = ("id", "编号", "号")


def squeezed(column: str) -> str:
    """The letters and digits of a column's name, in one case."""
    text = column if column.isascii() else unicodedata.normalize("NFKC", column)
    return "".join(filter(str.isalnum, text.casefold()))


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
        return self.ranks.get(squeezed(column)) or self.ranks.get(squeezed(column.rpartition(".")[2])) or []
