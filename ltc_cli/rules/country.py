"""Countries by code or name, in English, German, Chinese or their own language."""

from __future__ import annotations

import unicodedata
from functools import cache

from ltc_cli.errors import UsageError


def normalise_country(text: str) -> str:
    """ISO 3166 alpha-2 of a code of two or three letters, or a name in English, German, Chinese or its own.

    UsageError for any other text.
    """
    country = text.strip()
    if len(country) == 2 and f"\n{country.upper()} " in _COUNTRIES:
        return country.upper()
    code = _codes_by_name().get(_name_key(country))
    if code is None:
        raise UsageError(f"{text!r:.60} is no country", "write its two-letter code, such as DE")
    return code


def _name_key(name: str) -> str:
    """Letters only, without case and accents, so that `U.S.A.`, `Turkiye` and `Cote d'Ivoire` are found."""
    letters = "".join(filter(str.isalnum, unicodedata.normalize("NFKD", name).casefold()))
    return letters.removeprefix("the")


@cache
def _codes_by_name() -> dict[str, str]:
    code_by_name = {}
    for line in _COUNTRIES.strip().splitlines():
        alpha2, alpha3, names = line.split(" ", 2)
        for name in (alpha2, alpha3, *names.split("|")):
            code_by_name[_name_key(name)] = alpha2
    return code_by_name


# ISO 3166-1 with the names of Unicode CLDR (Babel 2.18) and some that people use besides.
_COUNTRIES = """
AD AND Andorra|安道尔
AE ARE United Arab Emirates|Vereinigte Arabische Emirate|阿拉伯联合酋长国|الإمارات العربية المتحدة|UAE
AE ARE Emirates|VAE|阿联酋
AF AFG Afghanistan|阿富汗|افغانستان
AG ATG Antigua & Barbuda|Antigua and Barbuda|Antigua und Barbuda|安提瓜和巴布达
AI AIA Anguilla|安圭拉
AL ALB Albania|Albanien|阿尔巴尼亚|Shqipëri
AM ARM Armenia|Armenien|亚美尼亚|Հայաստան
AO AGO Angola|安哥拉
AQ ATA Antarctica|Antarktis|南极洲
AR ARG Argentina|Argentinien|阿根廷
AS ASM American Samoa|Amerikanisch-Samoa|美属萨摩亚
AT AUT Austria|Österreich|奥地利
AU AUS Australia|Australien|澳大利亚
AW ABW Aruba|阿鲁巴
AX ALA Åland Islands|Ålandinseln|奥兰群岛|Åland
AZ AZE Azerbaijan|Aserbaidschan|阿塞拜疆|Azərbaycan|Азәрбајҹан
BA BIH Bosnia & Herzegovina|Bosnia and Herzegovina|Bosnien und Herzegowina|波斯尼亚和黑塞哥维那
BA BIH Босна и Херцеговина|Bosna i Hercegovina|Bosnia|Bosnien
BB BRB Barbados|巴巴多斯
BD BGD Bangladesh|Bangladesch|孟加拉国|বাংলাদেশ
BE BEL Belgium|Belgien|比利时|België|Belgique
BF BFA Burkina Faso|布基纳法索
BG BGR Bulgaria|Bulgarien|保加利亚|България
BH BHR Bahrain|巴林|البحرين
BI BDI Burundi|布隆迪|Uburundi
BJ BEN Benin|贝宁
BL BLM St. Barthélemy|Saint Barthélemy|圣巴泰勒米
BM BMU Bermuda|百慕大
BN BRN Brunei|Brunei Darussalam|文莱|بروني
BO BOL Bolivia|Bolivia, Plurinational State of|Bolivien|玻利维亚
BQ BES Caribbean Netherlands|Bonaire, Sint Eustatius and Saba|Karibische Niederlande|荷属加勒比区
BQ BES Caribisch Nederland
BR BRA Brazil|Brasilien|巴西|Brasil
BS BHS Bahamas|巴哈马
BT BTN Bhutan|不丹|འབྲུག
BV BVT Bouvet Island|Bouvetinsel|布韦岛
BW BWA Botswana|Botsuana|博茨瓦纳
BY BLR Belarus|白俄罗斯|Беларусь|Weißrussland
BZ BLZ Belize|伯利兹
CA CAN Canada|Kanada|加拿大
CC CCK Cocos (Keeling) Islands|Kokosinseln|科科斯（基林）群岛
CD COD Congo - Kinshasa|Congo, The Democratic Republic of the|Kongo-Kinshasa|刚果（金）|DR Congo|DRC
CF CAF Central African Republic|Zentralafrikanische Republik|中非共和国|Ködörösêse tî Bêafrîka
CF CAF République centrafricaine
CG COG Congo - Brazzaville|Congo|Kongo-Brazzaville|刚果（布）|Republic of the Congo
CH CHE Switzerland|Schweiz|瑞士|Suisse|Svizzera
CI CIV Côte d’Ivoire|科特迪瓦|Ivory Coast|Elfenbeinküste
CK COK Cook Islands|Cookinseln|库克群岛
CL CHL Chile|智利
CM CMR Cameroon|Kamerun|喀麦隆|Cameroun
CN CHN China|中国|PR China|PRC|People's Republic of China|Volksrepublik China|中华人民共和国
CO COL Colombia|Kolumbien|哥伦比亚
CR CRI Costa Rica|哥斯达黎加
CU CUB Cuba|Kuba|古巴
CV CPV Cape Verde|Cabo Verde|佛得角|Kap Verde
CW CUW Curaçao|库拉索
CX CXR Christmas Island|Weihnachtsinsel|圣诞岛
CY CYP Cyprus|Zypern|塞浦路斯|Κύπρος|Kıbrıs
CZ CZE Czechia|Tschechien|捷克|Česko|Czech Republic|Tschechische Republik|Česká republika
DE DEU Germany|Deutschland|德国|Bundesrepublik Deutschland|Allemagne
DJ DJI Djibouti|Dschibuti|吉布提|جيبوتي
DK DNK Denmark|Dänemark|丹麦|Danmark
DM DMA Dominica|多米尼克
DO DOM Dominican Republic|Dominikanische Republik|多米尼加共和国|República Dominicana
DZ DZA Algeria|Algerien|阿尔及利亚|الجزائر|Algérie
EC ECU Ecuador|厄瓜多尔
EE EST Estonia|Estland|爱沙尼亚|Eesti
EG EGY Egypt|Ägypten|埃及|مصر
EH ESH Western Sahara|Westsahara|西撒哈拉|الصحراء الغربية
ER ERI Eritrea|厄立特里亚|إريتريا
ES ESP Spain|Spanien|西班牙|España
ET ETH Ethiopia|Äthiopien|埃塞俄比亚|ኢትዮጵያ
FI FIN Finland|Finnland|芬兰|Suomi
FJ FJI Fiji|Fidschi|斐济
FK FLK Falkland Islands|Falkland Islands (Malvinas)|Falklandinseln|福克兰群岛
FM FSM Micronesia|Micronesia, Federated States of|Mikronesien|密克罗尼西亚
FO FRO Faroe Islands|Färöer|法罗群岛|Føroyar
FR FRA France|Frankreich|法国|République française
GA GAB Gabon|Gabun|加蓬
GB GBR United Kingdom|Vereinigtes Königreich|英国|UK|Great Britain|Großbritannien|England|Scotland|Wales
GB GBR Northern Ireland
GD GRD Grenada|格林纳达
GE GEO Georgia|Georgien|格鲁吉亚|საქართველო
GF GUF French Guiana|Französisch-Guayana|法属圭亚那|Guyane française
GG GGY Guernsey|根西岛
GH GHA Ghana|加纳
GI GIB Gibraltar|直布罗陀
GL GRL Greenland|Grönland|格陵兰|Kalaallit Nunaat
GM GMB Gambia|冈比亚
GN GIN Guinea|几内亚|Guinée
GP GLP Guadeloupe|瓜德罗普
GQ GNQ Equatorial Guinea|Äquatorialguinea|赤道几内亚|Guinea Ecuatorial|Guinée équatoriale
GR GRC Greece|Griechenland|希腊|Ελλάδα|EL|Hellas
GS SGS South Georgia & South Sandwich Islands|South Georgia and the South Sandwich Islands
GS SGS Südgeorgien und die Südlichen Sandwichinseln|南乔治亚和南桑威奇群岛
GT GTM Guatemala|危地马拉
GU GUM Guam|关岛
GW GNB Guinea-Bissau|几内亚比绍|Guiné-Bissau
GY GUY Guyana|圭亚那
HK HKG Hong Kong|Sonderverwaltungsregion Hongkong|中国香港特别行政区|中國香港特別行政區|香港
HM HMD Heard & McDonald Islands|Heard Island and McDonald Islands|Heard und McDonaldinseln
HM HMD 赫德岛和麦克唐纳群岛
HN HND Honduras|洪都拉斯
HR HRV Croatia|Kroatien|克罗地亚|Hrvatska
HT HTI Haiti|海地
HU HUN Hungary|Ungarn|匈牙利|Magyarország
ID IDN Indonesia|Indonesien|印度尼西亚
IE IRL Ireland|Irland|爱尔兰|Éire|Republic of Ireland
IL ISR Israel|以色列|ישראל|إسرائيل
IM IMN Isle of Man|马恩岛|Ellan Vannin
IN IND India|Indien|印度|भारत
IO IOT British Indian Ocean Territory|Britisches Territorium im Indischen Ozean|英属印度洋领地
IQ IRQ Iraq|Irak|伊拉克|العراق
IR IRN Iran|Iran, Islamic Republic of|伊朗|ایران
IS ISL Iceland|Island|冰岛
IT ITA Italy|Italien|意大利|Italia
JE JEY Jersey|泽西岛
JM JAM Jamaica|Jamaika|牙买加
JO JOR Jordan|Jordanien|约旦|الأردن
JP JPN Japan|日本|Nippon|日本国
KE KEN Kenya|Kenia|肯尼亚
KG KGZ Kyrgyzstan|Kirgisistan|吉尔吉斯斯坦|Кыргызстан|Киргизия
KH KHM Cambodia|Kambodscha|柬埔寨|កម្ពុជា
KI KIR Kiribati|基里巴斯
KM COM Comoros|Komoren|科摩罗|جزر القمر
KN KNA St. Kitts & Nevis|Saint Kitts and Nevis|St. Kitts und Nevis|圣基茨和尼维斯
KP PRK North Korea|Korea, Democratic People's Republic of|Nordkorea|朝鲜|북한
KR KOR South Korea|Korea, Republic of|Südkorea|韩国|대한민국|Republic of Korea|Korea|한국
KW KWT Kuwait|科威特|الكويت
KY CYM Cayman Islands|Kaimaninseln|开曼群岛
KZ KAZ Kazakhstan|Kasachstan|哈萨克斯坦|Казахстан|Қазақстан
LA LAO Laos|Lao People's Democratic Republic|老挝|ລາວ|Laos PDR
LB LBN Lebanon|Libanon|黎巴嫩|لبنان
LC LCA St. Lucia|Saint Lucia|圣卢西亚
LI LIE Liechtenstein|列支敦士登
LK LKA Sri Lanka|斯里兰卡|ශ්‍රී ලංකාව|இலங்கை
LR LBR Liberia|利比里亚
LS LSO Lesotho|莱索托
LT LTU Lithuania|Litauen|立陶宛|Lietuva
LU LUX Luxembourg|Luxemburg|卢森堡|Lëtzebuerg
LV LVA Latvia|Lettland|拉脱维亚|Latvija
LY LBY Libya|Libyen|利比亚|ليبيا
MA MAR Morocco|Marokko|摩洛哥|المغرب|Meṛṛuk
MC MCO Monaco|摩纳哥
MD MDA Moldova|Moldova, Republic of|Republik Moldau|摩尔多瓦|Republica Moldova|Moldawien
ME MNE Montenegro|黑山|Crna Gora
MF MAF St. Martin|Saint Martin (French part)|法属圣马丁|Saint-Martin
MG MDG Madagascar|Madagaskar|马达加斯加|Madagasikara
MH MHL Marshall Islands|Marshallinseln|马绍尔群岛
MK MKD North Macedonia|Nordmazedonien|北马其顿|Северна Македонија|Macedonia|Mazedonien
ML MLI Mali|马里
MM MMR Myanmar (Burma)|Myanmar|缅甸|မြန်မာ|Burma
MN MNG Mongolia|Mongolei|蒙古|Монгол
MO MAC Macao|Sonderverwaltungsregion Macau|中国澳门特别行政区|中國澳門特別行政區|Macau|澳门|澳門
MP MNP Northern Mariana Islands|Nördliche Marianen|北马里亚纳群岛
MQ MTQ Martinique|马提尼克
MR MRT Mauritania|Mauretanien|毛里塔尼亚|موريتانيا
MS MSR Montserrat|蒙特塞拉特
MT MLT Malta|马耳他
MU MUS Mauritius|毛里求斯|Maurice
MV MDV Maldives|Malediven|马尔代夫|ދިވެހި ރާއްޖެ
MW MWI Malawi|马拉维
MX MEX Mexico|Mexiko|墨西哥
MY MYS Malaysia|马来西亚
MZ MOZ Mozambique|Mosambik|莫桑比克|Moçambique
NA NAM Namibia|纳米比亚
NC NCL New Caledonia|Neukaledonien|新喀里多尼亚|Nouvelle-Calédonie
NE NER Niger|尼日尔
NF NFK Norfolk Island|Norfolkinsel|诺福克岛
NG NGA Nigeria|尼日利亚|Nàìjíríà
NI NIC Nicaragua|尼加拉瓜
NL NLD Netherlands|Niederlande|荷兰|Nederland|Holland
NO NOR Norway|Norwegen|挪威|Norge
NP NPL Nepal|尼泊尔|नेपाल
NR NRU Nauru|瑙鲁
NU NIU Niue|纽埃
NZ NZL New Zealand|Neuseeland|新西兰|Aotearoa
OM OMN Oman|阿曼|عُمان
PA PAN Panama|巴拿马
PE PER Peru|秘鲁
PF PYF French Polynesia|Französisch-Polynesien|法属波利尼西亚|Polynésie française
PG PNG Papua New Guinea|Papua-Neuguinea|巴布亚新几内亚|Papua Niugini
PH PHL Philippines|Philippinen|菲律宾|Pilipinas
PK PAK Pakistan|巴基斯坦|پاکستان
PL POL Poland|Polen|波兰|Polska
PM SPM St. Pierre & Miquelon|Saint Pierre and Miquelon|St. Pierre und Miquelon|圣皮埃尔和密克隆群岛
PM SPM Saint-Pierre-et-Miquelon
PN PCN Pitcairn Islands|Pitcairn|Pitcairninseln|皮特凯恩群岛
PR PRI Puerto Rico|波多黎各
PS PSE Palestinian Territories|Palestine, State of|Palästinensische Autonomiegebiete|巴勒斯坦领土
PS PSE الأراضي الفلسطينية|Palestine|Palästina
PT PRT Portugal|葡萄牙
PW PLW Palau|帕劳
PY PRY Paraguay|巴拉圭|Paraguai
QA QAT Qatar|Katar|卡塔尔|قطر
RE REU Réunion|留尼汪|La Réunion
RO ROU Romania|Rumänien|罗马尼亚
RS SRB Serbia|Serbien|塞尔维亚|Srbija|Србија
RU RUS Russia|Russian Federation|Russland|俄罗斯|Россия|俄国
RW RWA Rwanda|Ruanda|卢旺达|U Rwanda
SA SAU Saudi Arabia|Saudi-Arabien|沙特阿拉伯|المملكة العربية السعودية|沙特
SB SLB Solomon Islands|Salomonen|所罗门群岛
SC SYC Seychelles|Seychellen|塞舌尔
SD SDN Sudan|苏丹|السودان
SE SWE Sweden|Schweden|瑞典|Sverige
SG SGP Singapore|Singapur|新加坡|新加坡共和国
SH SHN St. Helena|Saint Helena, Ascension and Tristan da Cunha|圣赫勒拿
SI SVN Slovenia|Slowenien|斯洛文尼亚|Slovenija
SJ SJM Svalbard & Jan Mayen|Svalbard and Jan Mayen|Spitzbergen und Jan Mayen|斯瓦尔巴和扬马延
SJ SJM Svalbard og Jan Mayen
SK SVK Slovakia|Slowakei|斯洛伐克|Slovensko
SL SLE Sierra Leone|塞拉利昂
SM SMR San Marino|圣马力诺
SN SEN Senegal|塞内加尔
SO SOM Somalia|索马里|Soomaaliya|الصومال
SR SUR Suriname|苏里南
SS SSD South Sudan|Südsudan|南苏丹
ST STP São Tomé & Príncipe|Sao Tome and Principe|São Tomé und Príncipe|圣多美和普林西比
ST STP São Tomé e Príncipe
SV SLV El Salvador|萨尔瓦多
SX SXM Sint Maarten|Sint Maarten (Dutch part)|荷属圣马丁
SY SYR Syria|Syrian Arab Republic|Syrien|叙利亚|سوريا
SZ SWZ Eswatini|斯威士兰|Swaziland|Swasiland
TC TCA Turks & Caicos Islands|Turks and Caicos Islands|Turks- und Caicosinseln|特克斯和凯科斯群岛
TD TCD Chad|Tschad|乍得|تشاد|Tchad
TF ATF French Southern Territories|Französische Süd- und Antarktisgebiete|法属南部领地
TG TGO Togo|多哥
TH THA Thailand|泰国|ไทย
TJ TJK Tajikistan|Tadschikistan|塔吉克斯坦|Тоҷикистон
TK TKL Tokelau|托克劳
TL TLS Timor-Leste|东帝汶|East Timor|Osttimor
TM TKM Turkmenistan|土库曼斯坦
TN TUN Tunisia|Tunesien|突尼斯|تونس|Tunisie
TO TON Tonga|汤加
TR TUR Türkiye|Türkei|土耳其|Turkey
TT TTO Trinidad & Tobago|Trinidad and Tobago|Trinidad und Tobago|特立尼达和多巴哥|Trinidad
TV TUV Tuvalu|图瓦卢
TW TWN Taiwan|Taiwan, Province of China|台湾|台灣
TZ TZA Tanzania|Tanzania, United Republic of|Tansania|坦桑尼亚
UA UKR Ukraine|乌克兰|Україна
UG UGA Uganda|乌干达
UM UMI U.S. Outlying Islands|United States Minor Outlying Islands|Amerikanische Überseeinseln
UM UMI 美国本土外小岛屿
US USA United States|Vereinigte Staaten|美国|United States of America|America
US USA Vereinigte Staaten von Amerika|Amerika|美利坚合众国
UY URY Uruguay|乌拉圭
UZ UZB Uzbekistan|Usbekistan|乌兹别克斯坦|Oʻzbekiston|Ўзбекистон
VA VAT Vatican City|Holy See (Vatican City State)|Vatikanstadt|梵蒂冈|Vatican|Vatikan
VC VCT St. Vincent & Grenadines|Saint Vincent and the Grenadines|St. Vincent und die Grenadinen
VC VCT 圣文森特和格林纳丁斯
VE VEN Venezuela|Venezuela, Bolivarian Republic of|委内瑞拉
VG VGB British Virgin Islands|Virgin Islands, British|Britische Jungferninseln|英属维尔京群岛
VI VIR U.S. Virgin Islands|Virgin Islands, U.S.|Amerikanische Jungferninseln|美属维尔京群岛
VN VNM Vietnam|越南
VU VUT Vanuatu|瓦努阿图
WF WLF Wallis & Futuna|Wallis and Futuna|Wallis und Futuna|瓦利斯和富图纳|Wallis-et-Futuna
WS WSM Samoa|萨摩亚
YE YEM Yemen|Jemen|也门|اليمن
YT MYT Mayotte|马约特
ZA ZAF South Africa|Südafrika|南非
ZM ZMB Zambia|Sambia|赞比亚
ZW ZWE Zimbabwe|Simbabwe|津巴布韦
"""
