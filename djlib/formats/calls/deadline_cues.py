"""Which dates of a running text announce a deadline: the words around them, in many languages.

A date counts where the nearest word before it, in its own sentence, names a deadline; where a word
like *until* leads to it and the sentence speaks of applying; where it ends the time in which one
can apply; or where the word stands right behind it. A word that names the first day, the results or
an exhibition and stands nearer takes it out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from .date_shapes import DateShape

EXTENDED = re.compile(
    r"extended|extension|new (?:closing date|deadline)|postponed to|verlänger|neue frist"
    r"|prolong|report[ée]e? au|nouvelle (?:date limite|échéance)|prorrog|ampliad[oa]|prorog"
    r"|posticipat|verlengd|przedłuż|förläng|förlängd|forlæng|forleng|utvid(?:et|a)|jatket"
    r"|pidennet|prodlouž|predĺž|meghosszabbít|продл[её]н|продовжен|uzatıl|prelungit",
    re.I,
)
"""Words that say a deadline was moved to a later day."""

_STRONG = re.compile(
    EXTENDED.pattern
    + r"|dead\s?line|\bDL\b:|\bdue\b|\bclosing (?:date|day|time)|\bcut[ -]?off|\bno later than\b"
    r"|\blast (?:day|date|chance|call)|\bfinal\b(?! (?:exhib|show|present))|\bexpir(?:es|y)\b"
    r"|einsendeschluss|einreich(?:e|ungs)?(?:schluss|frist)|bewerbungs(?:schluss|frist|ende)"
    r"|annahmeschluss|meldeschluss|anmelde(?:schluss|frist)|redaktionsschluss|abgabe(?:schluss"
    r"|frist|termin|\b)|stichtag|frist(?:en|ende)?\b|\bspätestens\b|letzter tag"
    r"|date limite|date butoir|date de cl[ôo]ture|dernier (?:jour|délai)|cl[ôo]tur|échéance"
    r"|au plus tard|délai"
    r"|fecha (?:l[íi]mite|tope|de cierre)|plazo|cierre|cierra|vencimiento|último día"
    r"|a más tardar"
    r"|scaden|\bscade\b|termine (?:ultimo|di|per)|data di chiusura|chiusura|entro e non oltre"
    r"|prazo|data[ -]limite|encerra|data de fecho|último dia"
    r"|sluit(?:ingsdatum|ing|en|t)?\b|uiter(?:lijk|ste)|inschrijftermijn|inzendtermijn"
    r"|inlevertermijn|laatste dag"
    r"|termin\w{0,3} (?:zgłosz|nadsył|skład|przyjm|nabor|rekrut|aplik|upływ|mija)|ostateczny"
    r"|ostatni dzień|najpóźniej|upływa"
    r"|sista (?:ansökning|anmälning|inlämning|dag|datum|chans)|senast|deadlinen"
    r"|(?:ansøgnings|søknads|tilmeldings|påmeldings|indleverings|innleverings)frist|senest"
    r"|sidste (?:frist|dag|chance)|siste (?:frist|dag)|frist\w{0,3}\b"
    r"|haku(?:aika|ajan)?\w{0,3} (?:päätty|sulkeut)|hakuaika\w{0,3}|viimeis(?:tään|tä|nen)"
    r"|määräai|takaraja|deadlin"
    r"|uzávěrk|uzávierk|termín (?:odevz|přihl|podán|pro|zasl|uz|prihl|odovz)|nejpozději"
    r"|najneskôr"
    r"|határid|jelentkezési|дедлайн|срок\w{0,2} (?:пода|при)|крайний срок|последний день"
    r"|кінцевий термін|термін подан|son (?:başvuru|tarih|gün|katılım)|termen(?:ul)?[ -]limită"
    r"|data limită|προθεσμία|rok (?:za|prijav)|krajnji rok|skrajni rok|tähtaeg|termiņš|terminas"
    r"|締め?切|〆切|截止|마감",
    re.I,
)
_ENDS = re.compile(
    r"\bclos(?:es?|ing|ed|ure)\b|\bends?\b|\bend(?:ing|ed)\b|\bendet\b|\benden\b"
    r"|\bschließ(?:t|en)\b"
    r"|\bläuft ab\b|\bprend fin\b|\bse termine|\bferme|\btermina[nm]?\b|\bfinaliza|\bterminerà"
    r"|\bchiud|\bse cierra|\bconcluy|\beindigt|\bkończy|\bzakończ|\bstänger|\bgår ut\b|\bslutar"
    r"|\blukker|\bstenger|\bslutter|\bud?tløper|\budløber|päätty|sulkeut|\bkončí|\buzavír"
    r"|заканчив|закрыва|завершу|bitiyor|\bzárul|\bse închei",
    re.I,
)
"""Verbs of an end: that of the call unless an exhibition or the like is what ends."""
_LIMIT = re.compile(
    r"\b(?:by|before|until|till?|thru|through|up to)\b"
    r"|\bbis\b|\bvor dem\b"
    r"|jusqu['’]\s?(?:au|à)|\bavant (?:le|la)\b|\bd['’]ici (?:le|au)\b"
    r"|\bhasta\b|\bantes de(?:l)?\b|\bfins\b"
    r"|\bentro\b|\bfino a(?:l(?:l['’])?)?\b|\bprima del\b"
    r"|\baté\b|\bantes de\b"
    r"|\btot\b|\bt/m\b|\bv[oó][oó]r\b|\bdo\b|\bprzed\b"
    r"|\btill\b|\btil\b|\bföre\b|\bfør\b|\binnan\b|\binden\b|\binnen\b|\bfram til\b"
    r"|\bennen\b|\bpřed\b|\bpred\b|\bдо\b|\bpână (?:la|pe|în)\b|\bέως\b|\bμέχρι\b|\bkuni\b|\blīdz\b"
    r"|\biki\b",
    re.I,
)
_BEHIND = re.compile(
    r"\s?,?\s{0,2}(?:(?:klo|kello|at|um|à|kl\.?)\s\d{1,2}(?:[.:h]\d\d)?\s{1,2}(?:uhr\s)?)?"
    r"(?:mennessä|asti|saakka|-?ig\b|tarihine kadar|まで|까지|前|au plus tard|dernier délai"
    r"|at the latest|latest\b|spätestens|a más tardar|al più tardi|o mais tardar"
    r"|najpóźniej|senast)",
    re.I,
)
_ASKS = re.compile(
    r"\bappl(?:y|ies|ications?|icants?)\b|\bsubmi(?:t|ssion)|\bentr(?:y|ies)\b|\bproposal|\bsend\b"
    r"|\bregist(?:er|ration)|\brsvp\b|\baccept|\breceiv|\bopen call|\bcall for\b|\bcfp\b|\bcalls?\b"
    r"|\bnominat|\be-?mail\b|\bpropose\b|\bportfolio"
    r"|\bbewerb|\beinreich|\beinsend|\bausschreibung|\banmeld|\bvorschläge|\bunterlagen\b|\bsende"
    r"|\bschick"
    r"|candidat|\bdossier|\benvo(?:yer|yez|i)\b|inscri|\bappel\b|\bdépôt|\bdépos|\bpostul"
    r"|\bprojets?\b"
    r"|\bconvocatoria|\bsolicitud|\benv[íi]|\bpresenta|\bpropuesta|\bbases\b"
    r"|\bdomand|\binvi(?:are|ate|o|ati|ata)\b|\biscri|\bbando\b|\bpropost|\bpartecipa"
    r"|\bedital\b|\bsubmet"
    r"|\baanmeld|\binzend|\binschrijv|\bstuur\b|\bvoorstel|\baanvra|\bmeld je|\boproep\b"
    r"|zgłosz|\bnab[óo]r|\bwnios|\bprac[ey]?\b|\baplik|\brekrutac|\bprzes[łył]|\bkonkurs"
    r"|\bans[öø]k|\bskicka|\bbidrag|\bansøg|\bindsend|\bforslag|\bsøk|\btilmeld|\bpåmeld"
    r"|\bförslag|\banmäl|\binnsend|\bopen call"
    r"|\bhake|\bhaku|\bilmoittau|\blähet|\behdotu"
    r"|přihl|\bzasíl|\bpošl|\bvýzv|\bnávrh|\bprihl|\bžiados"
    r"|\bpályáz|\bjelentkez|заявк|подат|подач|при[её]м|присыла|отправ|\bbaşvur|\baplicați"
    r"|\bînscrier"
    r"|αιτήσε|\bprijav|応募|募集|申请|접수|신청",
    re.I,
)
_NOT_IT = re.compile(
    r"early[ -]?bird|early (?:deadline|entry)|\bpriority|notif|\bannounc|\bresults?\b|\bwinners?\b"
    r"|\bselection|\bjury\b|\bpublished|\bposted|\bupdated|\bborn\b|\bfounded|\bsince\b"
    r"|\bold(?:er)?\b (?:by|on|before)|\bopens?\b(?! call)|\bopening\b|\bbegin|\bstart|\bfrom\b"
    r"|\blaunch|\bgeboren|\bveröffentlicht|\beröffn|\bab\b|\bvom\b|\bbeginn|\bstartet|\bergebnis"
    r"|\bjuryentscheid|\bseit\b|\bbenachrichtig|\bfrühbucher"
    r"|\bné(?:e|s|es)?\b|\bvernissage|\bà partir|\bdès\b|\bdepuis\b|\brésultat|\bpubli[ée]"
    r"|\ba partir|\bdesde\b|\bnacid|\binaugura|\bresultad|\bpublicad|\bapertura"
    r"|\bdal(?:l['’])?\b|\bnat[oi]\b|\brisultat|\binizi|\bdesde\b|\bnascid|\babertura"
    r"|\bvanaf\b|\bsinds\b|\bgeboren|\buitslag|\bopen(?:t|ing)\b|\bod\b|\burodz|\bwyniki"
    r"|\bogłosz|\bfrån\b|\bfödd|\bresultat|\båbner|\båpner|\böppnar|\bfra\b|\bfødt|\balka|\balkaen"
    r"|\btulokset|\bsyntyn|\bvýsledky|\bnaroz|\bzahájen|\bс\b|\bз\b",
    re.I,
)
"""Words that lead to another day than the last: the first, that of the results, of a birth."""
_RESULT = re.compile(
    r"notif|\bannounc|\bresults?\b|\bwinners?\b|\bborn\b|\bbenachrichtig|\bergebnis|bekanntgegeben"
    r"|\bgeboren|\brésultat|\bresultad|\brisultat|\bnacid|\buitslag|\bwyniki|\btulokset"
    r"|\bvýsledky|\binformed|\bselected artists|\binterviews?\b|\barrive by|\bpick(?:ed)? up|\bpay",
    re.I,
)
"""What no word like *until* makes the last day to apply."""
_EVENT = re.compile(
    r"exhibition|festival|\bshow\b|\bworkshop|\bresidency (?:runs|takes|dates)|\bruns\b"
    r"|takes? place"
    r"|\bheld\b|\bon view|\bon display|\bproject period|\bperformance|\btalks?\b|\bopening hours"
    r"|ausstellung|\bfindet\b|\bstattfind|\bzu sehen|exposition|\baura lieu|exposici[óo]n"
    r"|\bse celebra"
    r"|\bmostra\b|\bsi (?:terrà|svolge)|exposição|\bdecorre|tentoonstelling|\bvindt plaats"
    r"|wystaw|\bodbędzie|\bpotrwa|utställning|\bpågår|\bäger rum|udstilling|\bfinder sted"
    r"|utstilling"
    r"|\bfinner sted|näyttely|výstav|\bkoná|kiállítás|выстав|виставк|sergi|expoziți|έκθεση|izložb"
    r"|\bbirth|\bresidency from|\bcourse",
    re.I,
)
_JOINED = re.compile(
    r"\s{0,2}(?:[-–—~/&,;]|\b(?:to|until|till|til|through|thru|and|or|und|oder|et|ou|y|o"
    r"|e|en|of|i|oraz"
    r"|og|eller|och|ja|tai|a|à|al|au|all['’]|ao|à|bis|bis zum|bis zu|tot|tot en met|t/m|do|hasta|"
    r"hasta el|jusqu['’]au|fino al|até|bis einschließlich)\b)?\s{0,2}(?:the |den |el |il "
    r"|le |o |dem )?"
    r"(?:\w{2,10}day,? |\w{2,8}tag,? )?\s{0,2}",
    re.I,
)
RANGE = re.compile(
    r"\s{0,2}(?:[-–—~/]|\b(?:to|until|till|til|through|thru|bis|bis zum|bis zu"
    r"|bis einschließlich|au|a|à"
    r"|al|all['’]|ao|até|até ao?|hasta(?: el)?|jusqu['’]au|fino al|tot|tot en met|t/m|do"
    r"|và|по|дo|до"
    r"|and close[sd]?(?: on)?)\b)\s{0,2}(?:the |den |el |il |le |o |dem |l['’])?\s{0,2}",
    re.I,
)
"""What stands between the first and the last day of a range."""
_NAMED_BEHIND = re.compile(
    r"\s{0,3}(?:[:–—=(,-]|is (?:the|our)|ist|est)\s{0,3}(?:\w{1,15}\s){0,2}?", re.I
)
_BOUNDARY = re.compile(r"[.!?;|•]\s+(?=[^\W\d_a-zà-öø-ÿ])|[;|•]\s|\n\s*\n|[。！？]")
_MONEY = re.compile(r"\bfee|[$€£]|discount|reduced|\bprice|gebühr|tarif|cuota|quota", re.I)
_EARLY = re.compile(r"early|priority|notif|announc|frühbucher|first round", re.I)
_BEFORE, _NEAR = 120, 26
"""Signs in which a word before a date leads to it; signs between *until* and its date."""


def boundaries(text: str, dates: Sequence[DateShape]) -> list[int]:
    """Where sentences end, not counting the dot inside `15. Januar`.

    >>> from .date_shapes import find_dates
    >>> said = "Bis 15. Januar 2027. Der Eintritt ist frei."
    >>> boundaries(said, find_dates(said))
    [19]
    """
    starts = [shape.start for shape in dates]

    def is_inside(place: int) -> bool:
        at = bisect_left(starts, place) - 1
        return at >= 0 and place < dates[at].end - 1

    return [found.start() for found in _BOUNDARY.finditer(text) if not is_inside(found.start())]


def announced(text: str, dates: Sequence[DateShape], ends: Sequence[int]) -> list[DateShape]:
    """The dates of a text that are said to be deadlines; `ends` as `boundaries` gives them.

    >>> from .date_shapes import find_dates
    >>> said = "Applications open 1 May 2027 and close 2 June 2027. The show is on 9 July 2027."
    >>> dates = find_dates(said)
    >>> [said[d.start : d.end] for d in announced(said, dates, boundaries(said, dates))]
    ['2 June 2027']
    """
    kept: list[DateShape] = []
    before: DateShape | None = None
    for shape in dates:
        at = bisect_left(ends, shape.start)
        start = ends[at - 1] + 1 if at else 0
        end = min(ends[bisect_left(ends, shape.end - 1)] if _ends(ends, shape) else len(text),
                  shape.end + _BEFORE)  # fmt: skip
        if before is not None and before.end > start:
            between = text[before.end : shape.start]
            if before in kept and _JOINED.fullmatch(between):
                kept.append(shape)
                before = shape
                continue
            is_range = RANGE.fullmatch(between) is not None
            lead = text[max(start, before.start - _BEFORE) : before.start]
            if is_range and _opens_a_time(lead, text[shape.end : end]):
                kept.append(shape)
                before = shape
                continue
            if not is_range:
                start = before.end
        lead = text[max(start, shape.start - _BEFORE) : shape.start]
        if _is_announced(lead, text[shape.end : end], shape, text):
            kept.append(shape)
        before = shape
    return kept


def _ends(ends: Sequence[int], shape: DateShape) -> bool:
    return bisect_left(ends, shape.end - 1) < len(ends)


def _opens_a_time(lead: str, behind: str) -> bool:
    """Whether a range that `lead` leads to is the time in which one can apply."""
    asks, strong, event = _last(_ASKS, lead), _last(_STRONG, lead), _last(_EVENT, lead)
    return max(asks, strong) > event or (event < 0 and bool(_ASKS.search(behind)))


def _is_announced(lead: str, behind: str, shape: DateShape, text: str) -> bool:
    strong, other, event = _last(_STRONG, lead), _last(_NOT_IT, lead), _last(_EVENT, lead)
    limit, ends, asks = _last(_LIMIT, lead), _last(_ENDS, lead), _last(_ASKS, lead)
    is_near = limit >= 0 and len(lead) - limit <= _NEAR
    if ends > strong and (event < 0 or asks > event):
        strong = ends
    if _last(_RESULT, lead) > max(strong, asks if not is_near else -1):
        return False
    if strong >= 0 and (other < strong or (is_near and limit > other)):
        return not _EARLY.search(lead[max(0, strong - 25) :])
    says_so = asks >= 0 or bool(_ASKS.search(behind))
    if is_near and _MONEY.search(lead[max(0, limit - 40) : limit]):  # the fee until then
        return False
    if is_near and limit > other and says_so and event <= asks:
        return True
    if shape.is_range and max(asks, strong) > event:
        return True
    if _BEHIND.match(behind) and says_so:
        return True
    named = _NAMED_BEHIND.match(behind)
    if named is None or other >= 0 or strong >= 0:
        return False
    following = behind[named.start() : named.end() + 40]
    found = _STRONG.search(following)
    return found is not None and not re.search(
        r"\d|notif|early|priority", following[: found.start()]
    )


def _last(pattern: re.Pattern[str], text: str) -> int:
    """Where the last match ends, -1 for none."""
    end = -1
    for found in pattern.finditer(text):
        end = found.end()
    return end


def is_near_a_cue(text: str, start: int, end: int) -> bool:
    """Whether words that name a deadline stand within 40 signs of a place in a text."""
    return bool(_STRONG.search(text[max(0, start - 40) : end + 40]))
