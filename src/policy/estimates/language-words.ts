/**
 * The commonest words, endings and letters of languages, for guessing which one a text is in. Owns the
 * lists; the guess is made elsewhere.
 */

/** Codes of ISO 639-1, in an order that tables index by; at most 31. Those after `ko` are told by script alone. */
export const WORD_LANGUAGES = [
  "en",
  "de",
  "fr",
  "es",
  "it",
  "pt",
  "nl",
  "pl",
  "sv",
  "da",
  "no",
  "fi",
  "cs",
  "ro",
  "hu",
  "tr",
  "id",
  "vi",
  "ru",
  "uk",
  "bg",
  "sr",
  "ar",
  "fa",
  "ur",
  "hi",
  "mr",
] as const;
export type WordLanguage = (typeof WORD_LANGUAGES)[number];

export const COMMON_WORDS: Readonly<Record<WordLanguage, string>> = {
  en: `the of and to in is you that it he was for on are with as i his they be at one have this from or had by
    but not what all were we when your can said there use an each which she do how their if will up other about
    out many then them these so some her would make like him into time has look two more write go see no way
    could people my than first been who its now find long down day did get come made may please hello thanks
    hi why where does should me us our because just very only i'm don't it's help tell give want need`,
  de: `der die das und ist nicht ich du er sie es wir ihr ein eine einen einem einer mit auf für von zu den dem des
    im in an auch als wie aber oder wenn was wer wo wann warum nach bei aus um so noch nur kann können hat haben
    habe sind war werden wird sich dass zum zur über mir mich dir dich uns mein meine bitte danke hallo guten tag
    schreibe ja nein sehr mehr hier dieser diese dieses kein keine vor durch gibt heute morgen muss`,
  fr: `le la les de des du et est un une en que qui dans pour pas ce il elle je tu nous vous ils sur avec au aux son
    sa ses plus ne se par mais ou où comme si tout bien être avoir fait sont c'est cette ces mon ma mes votre vos
    quel quelle quels pourquoi comment quand bonjour merci s'il plaît très peut moi lui leur sans entre aussi
    encore même était été ai as ont suis es j'ai d'un l'on écris écrivez donne peux faire`,
  es: `el la los las de del y es un una en que no se por con para su al lo como más pero sus le ya o fue este ha sí
    porque esta son entre está cuando muy sin sobre también me hasta hay donde quien desde todo nos todos uno les
    ni contra otros ese eso había ante ellos qué cómo cuál dónde cuándo hola gracias por favor mi tu yo usted
    puedo puede quiero escribe buenos días necesito tengo hace hacer dime una unos unas`,
  it: `il lo la i gli le di e è un una che non in per con del della dei delle dal dalla nel nella al alla sono ho hai
    ha come più ma anche se si mi ti ci cosa quando dove perché chi quale questo questa questi essere fare tutto
    molto bene grazie ciao buongiorno vorrei posso puoi scrivi mio mia tuo suo sua io tu lui lei noi voi loro
    c'è era stato oggi domani per favore degli sul sulla dopo prima ancora`,
  pt: `o a os as de do da dos das e é um uma em que não no na nos nas por com para se como mais mas foi ao ele ela seu
    sua ou quando muito já eu também só pelo pela até isso entre era depois sem mesmo aos ter seus quem me esse
    eles está você tinha foram essa num nem suas meu minha têm à qual olá obrigado obrigada onde porque quero
    pode posso escreva bom dia são estou hoje favor fazer preciso tem`,
  nl: `de het een en van ik je dat die is niet in te met op voor zijn er aan maar om ook als bij dan nog wat naar uit
    heb hebben heeft was werd kan kunnen wel geen deze dit hij zij wij we jullie mijn jouw u uw hoe waar waarom
    wanneer wie hallo dank bedankt graag schrijf goed zo over door tot al hun veel moet moeten wil worden wordt
    ben bent mij alsjeblieft alstublieft goedemorgen vandaag morgen`,
  pl: `i w nie na się z do to że jest o jak co za od po ale tak przez dla czy ja ty on ona my oni mnie mi ci jego jej
    ich być był była było są mam masz ma może można kiedy gdzie dlaczego kto który która które tego tej ten ta
    już tylko bardzo dzień dobry cześć dziękuję proszę napisz przed przy pod nad bez jeszcze też albo lub gdy
    więc tym tych nich nas was jaka jaki jakie chcę potrzebuję`,
  sv: `och att det i en jag hon som han på den med var sig för så till är men ett om hade de av icke mig du henne då
    sin nu har inte hans honom skulle hennes där min man ej vid kunde något från ut när efter upp vi dem vara
    vad över än dig kan sina här ha mot alla under någon eller allt mycket sedan ju denna själv detta åt utan
    varit hur ingen mitt ni bli hej tack snälla skriv varför vilken vill ska`,
  da: `og i jeg det at en den til er som på de med han af for ikke der var mig sig men et har om vi min havde ham hun
    nu over da fra du ud sin dem os op man hans hvor eller hvad skal selv her alle vil blev kunne ind når være
    dog noget ville deres efter ned skulle denne end dette mit også under have dig anden hende mine alt meget
    sit hvorfor hvordan hej tak venligst hedder fået endnu kære gerne`,
  no: `og i jeg det at en et den til er som på de med han av ikke ikkje der så var meg seg men ett har om vi min mitt
    ha hadde hun nå over da ved fra du ut sin dem oss opp man kan hans hvor eller hva skal selv her alle vil bli
    ble blei blitt kunne inn når være kom noen noe ville dere som deres kun ja etter ned skulle denne for deg si
    sine sitt mot å meget hvorfor dette disse uten hvordan ingen din ditt takk hei vær mye fått ennå heter gjerne pakken`,
  fi: `ja on ei se että hän oli mutta ovat en joka minä sinä me te he tämä kun niin kuin mitä myös tai ole olen sitä
    sen mikä missä miksi miten kuka hei kiitos voi voit olla hyvää päivää ole hyvä jos vain nyt sekä kanssa
    minun sinun kirjoita ollut oli jo vielä kaikki paljon tänään`,
  cs: `a je v na se že to s z do o k i ale jak tak za by pro jsem jsi jsou co když nebo byl byla bylo být mít má
    mám kde proč kdo který která které ten ta tento tato jeho její jen už ještě také dobrý den ahoj děkuji
    prosím napiš po při od podle pod mezi nic něco velmi může jaké jaký můžete mi mě`,
  ro: `și de la în a nu că cu pe un o din este sunt ce mai care pentru am ai are fi dar sau cum unde când cine
    de ce eu tu el ea noi voi lor lui sa său mea meu acest această foarte bună ziua salut mulțumesc vă rog scrie
    după până fără între poate vreau si in ale al`,
  hu: `a az és hogy nem is egy ez van volt meg de csak ha már mint el én te ő mi ti ők mit hol mikor miért hogyan
    ki melyik nagyon köszönöm szia jó napot kérem írj kell lehet lesz azt ezt ezek azok vagy még minden
    fel ki be le után között`,
  tr: `ve bir bu da de için ile ne var çok o mi mı mu mü gibi daha ben sen biz siz onlar ama değil ki kadar olarak
    olan en sonra her şey nasıl neden nerede kim hangi merhaba teşekkürler lütfen evet hayır bana sana beni
    yaz yok mısın misin musun bugün ya şu diye göre iyi günler istiyorum`,
  id: `yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena tersebut bisa ada mereka lebih
    kami kita anda dia apa bagaimana mengapa kapan siapa adalah sudah atau seperti oleh terima kasih selamat
    tolong tulis saja bukan telah harus aku kamu`,
  vi: `và là của có không tôi được cho một những trong người với này đã để các khi như ở về ra thì bạn anh em chúng
    nó gì sao tại cách xin chào cảm ơn hãy viết rất nhiều ngày nào đó mà bị đến từ làm`,
  ru: `и в не на я что он с как это по но они мы она к у же вы из за его ее так от все о был для ты бы то мне было
    вот меня еще нет ему теперь когда да если уже или ни быть до вас нибудь опять уж вам ведь там потом себя
    может их чем была сам чтобы без где почему какой какая кто привет спасибо пожалуйста здравствуйте напиши
    мой моя очень есть только можно нужно здесь сегодня этот эта`,
  uk: `і в не на я що він з як це по але вони ми вона до у ж ви із за його її так від все про був для ти би те мені
    було є та або чи якщо вже коли де чому який яка хто привіт дякую будь ласка напиши мій моя дуже тільки можна
    треба тут сьогодні цей ця бути буде їх нас вас щоб без ще немає мене добрий день`,
  bg: `и в на не се да че е за с са от по но ще как какво кой къде кога защо аз ти той тя ние вие те съм си сте до
    този тази това може много здравей благодаря моля напиши като при или беше само има няма още вече ми`,
  sr: `и у на је се да не са за од су али како шта ко где када зашто ја ти он она ми ви они сам си смо сте
    до овај ова ово може много здраво хвала молим напиши као при или био само има нема још већ`,
  ar: `في من على إلى عن أن إن هذا هذه ذلك التي الذي ما لا لم لن هل كيف متى أين لماذا كان كانت هو هي أنا أنت نحن هم مع
    كل بعد قبل عند بين أو و ثم قد لقد مرحبا شكرا اكتب لي لك له لها كما أي حتى غير السلام عليكم من فضلك أريد`,
  fa: `در به از که این را با است برای آن یک خود تا کرد بر هم نیز من تو او ما شما آنها چه چرا چگونه کجا کی سلام
    ممنون لطفا بنویس می نمی های شد بود هست نیست باید اگر یا اما`,
  ur: `کے کی میں ہے کا سے کو اور نے یہ کہ پر ہیں ایک وہ تھا اس نہیں بھی کیا کیوں کیسے کب کہاں کون شکریہ سلام لکھیں
    آپ ہم تم مجھے ہو گا گی تو`,
  hi: `के का की में है और से को पर यह हैं ने एक नहीं कि भी तो था थे थी वह इस क्या क्यों कैसे कब कहाँ कौन मैं तुम आप हम मुझे
    नमस्ते धन्यवाद लिखो लिखिए लिए कर हो गया जो अपने`,
  mr: `आहे आणि या मध्ये हे ते मी तू आम्ही तुम्ही का कसे काय कुठे कधी नाही होते आहेत साठी एक नमस्कार धन्यवाद लिहा मला`,
};

/** Endings of words, of three letters, that a few languages share at most. */
export const ENDINGS: Partial<Readonly<Record<WordLanguage, string>>> = {
  en: "ing ght ous ble ely ess",
  de: "ung eit sch cht ehr gen isc lich",
  fr: "eux ait aux ois eur ier que ère",
  es: "ión dad ado ido ces ían nte",
  it: "one gli zza tto llo tta ità ere",
  pt: "ção ões nho dade ado eis ram",
  nl: "ijk ijn oor aar sen ijd",
  pl: "nie ych owa ego ach ych ści",
  sv: "nde are het igt ade lig",
  da: "nde hed ede igt eri",
  no: "nde het ene ede els",
  fi: "ssa lla sta aan nen iin",
  cs: "ých ího ní ské ova ách",
  ro: "ului ele ție ilor lor ești",
  hu: "ban ben nak nek ság ség",
  tr: "lar ler yor dir dır rak mak mek",
  id: "kan nya ang ari",
  ru: "ого ить ать ния ных ешь ает ться",
  uk: "ння ити ати ого ій них ість",
  bg: "ата ите ето ият ват",
};

/** Letters that only some languages use. */
export const LETTERS: Partial<Readonly<Record<WordLanguage, string>>> = {
  de: "äöüß",
  fr: "çèêëîïôûùœæéà",
  es: "ñ¿¡áéíóúü",
  it: "àèéìòù",
  pt: "ãõçáâêéíóôúà",
  nl: "ëï",
  pl: "ąęłńśźżćó",
  sv: "åäö",
  da: "åøæ",
  no: "åøæ",
  fi: "äö",
  cs: "ěščřžýáíéúůťďň",
  ro: "ăâîșțşţ",
  hu: "őűáéíóöúü",
  tr: "ğışçöüİ",
  vi: "đơưăâêôạảấầẩẫậắằẵặẹẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹáàãéèíìóòõúùý",
  ru: "ыэъё",
  uk: "іїєґ",
  bg: "ъщ",
  sr: "јљњћђџ",
  fa: "پچژگکی",
  ur: "ٹڈڑےںہی",
};
