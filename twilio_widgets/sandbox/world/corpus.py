"""The texts of the history: short, harmless conversations in nine languages.

A topic is a conversation; each of its turns is outbound or inbound. The names and numbers that are
filled in are plain GSM-7, so the encoding of a turn depends on its template alone.
"""

from __future__ import annotations

from typing import NamedTuple


class Turn(NamedTuple):
    """One message of a conversation by language; English is used where a language is missing."""

    outbound: bool
    texts: dict[str, str]


class Topic(NamedTuple):
    """A conversation."""

    turns: tuple[Turn, ...]
    by_service: bool = False
    """Whether a messaging service sends it."""


def _out(**texts: str) -> Turn:
    return Turn(True, texts)


def _in(**texts: str) -> Turn:
    return Turn(False, texts)


_CODE = _out(
    en="{code} is your sign-in code for Birch Street Library. It expires in 10 minutes.",
    es="{code} es tu código de acceso de la Biblioteca Abedul. Caduca en 10 minutos.",
    fr="{code} est votre code de connexion à la Bibliothèque du Bouleau (10 minutes).",
    de="{code} ist dein Anmeldecode für die Stadtbücherei. Er gilt 10 Minuten.",
    pl="{code} to Twój kod logowania do biblioteki. Kod wygasa za 10 minut.",
    ar="{code} هو رمز الدخول إلى المكتبة. تنتهي صلاحيته خلال 10 دقائق.",
    hi="{code} आपका पुस्तकालय साइन-इन कोड है। यह 10 मिनट में समाप्त होगा।",
    ja="{code} は図書館のログインコードです。10分間有効です。",
    uk="{code} — ваш код входу до бібліотеки. Дійсний 10 хвилин.",
)
RECEIPT = _out(
    en="Hi {name}, we received your payment of ${amount}. Thank you! Order {code}.",
    es="Hola {name}, recibimos tu pago de ${amount}. ¡Gracias! Pedido {code}.",
    fr="Bonjour {name}, nous avons reçu votre paiement de {amount} €. Merci ! Commande {code}.",
    de="Hallo {name}, deine Zahlung über {amount} € ist da. Vielen Dank! Auftrag {code}.",
    pl="Cześć {name}, otrzymaliśmy płatność {amount} zł. Dziękujemy! Zamówienie {code}.",
    ar="مرحبا {name}، استلمنا دفعتك. شكرا لك! رقم الطلب {code}.",
    hi="नमस्ते {name}, आपका भुगतान मिल गया। धन्यवाद! ऑर्डर {code}।",
    ja="{name}様、お支払いを確認しました。ありがとうございます。注文番号 {code}",
    uk="Вітаємо, {name}! Ми отримали вашу оплату. Дякуємо! Замовлення {code}.",
)
NEWS = _out(
    en="The spring plant fair is back 🌱 Saturday from {hour}:00 at Mill Lane Garden. Everyone is "
    "welcome, seedlings from $2, tea and cake in the glasshouse. Reply STOP to opt out.",
    es="¡Vuelve la feria de plantas! 🌱 Sábado desde las {hour}:00 en el Jardín del Molino. "
    "Responde STOP para no recibir más mensajes.",
    fr="La fête des plantes revient 🌱 samedi à partir de {hour} h au Jardin du Moulin. Répondez "
    "STOP pour ne plus recevoir de messages.",
    de="Der Pflanzenmarkt ist zurück 🌱 Samstag ab {hour} Uhr im Mühlgarten. Mit STOP abmelden.",
)
REMINDER = _out(
    en="Hi {name}, a reminder of your appointment tomorrow at {hour}:30. See you then!",
    es="Hola {name}, te recordamos tu cita de mañana a las {hour}:30. ¡Hasta pronto!",
    fr="Bonjour {name}, rappel de votre rendez-vous demain à {hour}h30. À demain !",
    de="Hallo {name}, wir erinnern an deinen Termin morgen um {hour}:30 Uhr. Bis dann!",
    pl="Cześć {name}, przypominamy o wizycie jutro o {hour}:30. Do zobaczenia!",
    ar="مرحبا {name}، نذكرك بموعدك غدا الساعة {hour}:30. إلى اللقاء!",
    hi="नमस्ते {name}, कल {hour}:30 बजे आपकी अपॉइंटमेंट है। मिलते हैं!",
    ja="{name}様、明日{hour}:30のご予約のお知らせです。お待ちしております。",
    uk="Вітаємо, {name}! Нагадуємо про візит завтра о {hour}:30. До зустрічі!",
)
_CONFIRMED = _in(
    en="Confirmed, thanks!",
    es="Confirmado, ¡gracias!",
    fr="C'est noté, merci",
    de="Passt, danke schön!",
    pl="Potwierdzam, dziękuję",
    ar="مؤكد، شكرا",
    hi="ठीक है, धन्यवाद 🙏",
    ja="了解しました",
    uk="Підтверджую, дякую",
)
_PARCEL = _out(
    en="Your parcel {code} is out for delivery and arrives between {hour}:00 and {hour}:45 📦",
    es="Tu paquete {code} está en reparto y llega sobre las {hour}:00 📦",
    fr="Votre colis {code} est en cours de livraison, arrivée vers {hour} h",
    de="Dein Paket {code} wird heute gegen {hour} Uhr zugestellt",
    pl="Paczka {code} jest w drodze, dostawa około {hour}:00",
    ar="طردك {code} في الطريق إليك، يصل حوالي الساعة {hour}:00",
    hi="आपका पार्सल {code} रास्ते में है, लगभग {hour}:00 बजे पहुँचेगा",
    ja="お荷物 {code} は本日{hour}時頃にお届けします",
    uk="Посилка {code} в дорозі, доставка близько {hour}:00",
)
_DOOR = _in(
    en="Please leave it with the neighbour at no. {hour}",
    es="Por favor, déjalo con el vecino del número {hour}",
    fr="Merci de le laisser chez le voisin au n° {hour}",
    de="Bitte beim Nachbarn in Nr. {hour} abgeben",
    pl="Proszę zostawić u sąsiada pod nr {hour}",
    ar="من فضلك اتركه عند الجار رقم {hour}",
    hi="कृपया पड़ोसी के यहाँ छोड़ दें, नं. {hour}",
    ja="隣の{hour}号室に預けてください",
    uk="Залиште, будь ласка, у сусіда, №{hour}",
)
_DONE = _out(
    en="Done! Have a nice day, {name} 😊",
    es="¡Hecho! Buen día, {name}",
    fr="C'est fait. Bonne journée, {name} !",
    de="Erledigt! Schönen Tag, {name}",
    pl="Gotowe! Miłego dnia, {name}",
    ar="تم! يوما سعيدا {name}",
    hi="हो गया! आपका दिन शुभ हो, {name}",
    ja="承知しました。良い一日を！",
    uk="Зроблено! Гарного дня, {name}",
)
_QUESTION = _in(
    en="Hi! Are you open on Sunday?",
    es="¡Hola! ¿Abren el domingo?",
    fr="Bonjour, êtes-vous ouverts dimanche ?",
    de="Hallo! Habt ihr am Sonntag geöffnet?",
    pl="Dzień dobry, czy w niedzielę jest otwarte?",
    ar="مرحبا، هل تفتحون يوم الأحد؟",
    hi="नमस्ते! क्या रविवार को खुला है?",
    ja="こんにちは。日曜日は営業していますか？",
    uk="Добрий день! Чи працюєте в неділю?",
)
_ANSWER = _out(
    en="Hello {name}! On Sundays we are open from 11:00 to {hour}:00. Parking is behind the "
    "building, the entrance on Mill Lane is step-free, and the reading café serves lunch until "
    "half past two. Anything else?",
    es="¡Hola {name}! Los domingos abrimos de 11:00 a {hour}:00. ¿Algo más?",
    fr="Bonjour {name} ! Le dimanche, de 11 h à {hour} h. Autre chose ?",
    de="Hallo {name}! Sonntags von 11 bis {hour} Uhr. Sonst noch etwas?",
    pl="Dzień dobry {name}! W niedziele od 11:00 do {hour}:00. Coś jeszcze?",
    ar="أهلا {name}! أيام الأحد من 11:00 إلى {hour}:00. أي شيء آخر؟",
    hi="नमस्ते {name}! रविवार को 11:00 से {hour}:00 तक। और कुछ?",
    ja="{name}様、日曜日は11時から{hour}時までです。ほかにご質問はありますか？",
    uk="Вітаємо, {name}! У неділю з 11:00 до {hour}:00. Щось іще?",
)
_THANKS = _in(
    en="No, that's all 👍",
    es="Nada más, gracias",
    fr="Non, c'est tout, merci",
    de="Nein, das war's",
    pl="Nie, to wszystko 👍",
    ar="لا، شكرا",
    hi="नहीं, बस इतना ही",
    ja="大丈夫です、ありがとう",
    uk="Ні, це все",
)

TOPICS = {
    1: (
        Topic((_CODE,), by_service=True),
        Topic((RECEIPT,)),
        Topic((NEWS,), by_service=True),
        Topic((REMINDER,)),
    ),
    2: (Topic((REMINDER, _CONFIRMED)), Topic((_PARCEL, _DOOR)), Topic((_QUESTION, _ANSWER))),
    3: (Topic((_PARCEL, _DOOR, _DONE)), Topic((_QUESTION, _ANSWER, _THANKS))),
    4: (Topic((_QUESTION, _ANSWER, _THANKS, _DONE)),),
}
"""Conversations by their number of turns."""

CURLY_RECEIPT = (
    "Hi {name}, we’ve received your payment of ${amount}. It’s booked to your account, thank you! "
    "Order {code}."
)
"""A receipt whose typographic apostrophes turn one segment into two."""

PROMOTION = (
    "Last chance! Everything must go at the Mill Lane warehouse sale, up to 70% off until midnight."
)
"""The text after which many recipients opt out."""

STOP_REQUEST = "Please take me off your list"
"""Asks for the same as STOP, but is not a keyword."""

LUKEWARM = "Thanks, maybe another time"

LINK = "Hi {name}, your library fees are due. Pay today: http://sh.example/{code}"
"""A text whose shortened link carriers filter."""
