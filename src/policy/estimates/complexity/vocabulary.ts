/**
 * Words that tell what a request asks for, in many languages. Owns the lists; how much they weigh is
 * decided elsewhere. A star stands for any ending. Han and kana are matched as pairs of characters.
 */
import type { WordLanguage } from "../language-words.ts";

/** Bits of what a word tells. One word may tell several things. */
export const TELLS = {
  /** Work that needs thought: prove, analyse, design, a thesis. */
  reasoning: 1,
  /** Questions for reasons and ways: explain, why, how, solve. */
  explanation: 2,
  /** One thing after another: first, then, step. */
  sequence: 4,
  /** Bounds on the answer: must, only, at least, without. */
  constraint: 8,
  code: 16,
  maths: 32,
  /** Terms of a trade: law, medicine, finance, science. */
  domain: 64,
  /** A long answer: an essay, a report, in detail. */
  length: 128,
  /** Units of an answer's length, after a number: 2,000 words, ten pages. */
  words: 256,
  pages: 512,
  /** Hello, thanks, bye. */
  smalltalk: 1024,
  /** One fact or one small change: translate, spell, the capital of, when, who. */
  lookup: 2048,
} as const;

export type Tell = keyof typeof TELLS;

/** Languages that have words below and whose common words tell that it is one of them. */
export const COVERED = [
  "en",
  "de",
  "fr",
  "es",
  "it",
  "pt",
  "nl",
  "pl",
  "sv",
  "tr",
  "ru",
  "uk",
  "ar",
  "hi",
] as const satisfies readonly WordLanguage[];

/** One string a language, or one for words that several share. */
export const VOCABULARY: Readonly<Record<Tell, readonly string[]>> = {
  reasoning: [
    "prove proof proofs analys* analyz* evaluat* derive derives derivation justif* critique* critical* synthes*",
    "hypothes* optimi* architect* design* thesis dissertation reason* argue argues argument* implicat* tradeoff*",
    "compare compares comparison contrast* investigat* diagnos* debug* refactor* strateg* simulat* infer deduce*",
    "assess* examine* formulat* rigorous* reconcile* critically prioriti* forecast* modelling modeling plan planning",
    "beweis* bewert* begründ* vergleich* entwirf* entwerf* untersuch* herleit* abwäg* optimier* widerleg* erörter*",
    "doktorarbeit masterarbeit bachelorarbeit abschlussarbeit beurteil* schlussfolger* konzipier* konzept*",
    "prouve* démontr* évalu* conçois concevoir concevez conception déduire thèse mémoire synthèse raisonn*",
    "demuestr* demostr* analiz* análisis evalú* diseñ* tesis hipótes* estrateg* razon* investig* justifiqu*",
    "dimostr* analizz* valutare valutazione confronta progetta progettare ottimizz* tesi ipotesi ragion*",
    "analis* análise avali* projete otimiz* tese hipótese estratég* raciocín* comprove demonstr* compar*",
    "bewijs* beoordeel* vergelijk* ontwerp* onderbouw* scriptie proefschrift redeneer* evalueer* onderzoek*",
    "udowodni* przeanaliz* oceń oceni* porówna* uzasadni* zaprojekt* zoptymaliz* hipotez* rozpraw*",
    "bevisa* utvärder* jämför* motiver* utforma* härled* avhandling* uppsats* resoner* undersök*",
    "kanıtla* ispatla* değerlendir* karşılaştır* tasarla* tez tezi hipotez* tartış* gerekçe* çıkarım*",
    "докаж* доказ* проанализир* анализ* оцени* оценк* сравни* сравнен* обоснуй* обоснов* спроектир* оптимизир*",
    "диссертац* гипотез* стратег* аргумент* исследу* исследован* выведи* рассужд*",
    "довед* проаналізу* аналіз* оціни* оцінк* порівня* обґрунт* спроєкт* оптимізу* дисертац* гіпотез* дослід*",
    "أثبت برهن حلل حلّل تحليل التحليل قيّم تقييم قارن مقارنة صمم صمّم برر استنتج أطروحة رسالة فرضية استراتيجية ناقش",
    "הוכח הוכיחו הוכיחי נתח נתחו ניתוח הערך העריכו השווה השוו השוואה תכנן תכננו נמק נמקו תזה היפותזה אסטרטגיה",
    "सिद्ध साबित विश्लेषण मूल्यांकन तुलना डिज़ाइन डिजाइन तर्क शोध थीसिस परिकल्पना रणनीति निबंध",
    "证明 證明 分析 评估 評估 比较 比較 设计 設計 推导 推導 论证 論證 优化 優化 论文 論文 策略 假设 推理 综述",
    "評価 考察 論証 最適 戦略 仮説 検討 導出 証明",
    "증명* 분석* 평가* 비교* 설계* 유도* 논증* 최적* 논문* 전략* 가설* 검토*",
  ],
  explanation: [
    "explain* explanation why how describe* discuss* summar* outline* interpret* elaborat* clarif*",
    "erklär* warum wieso weshalb wie beschreib* erläuter* diskutier* zusammenfass* fasse",
    "expliqu* pourquoi comment décri* discut* résum* explic* cómo describ* porqué descrev* resum* porquê",
    "spieg* perché riassum* descriv* uitleg* waarom hoe beschrijf* bespreek* samenvat*",
    "wyjaśni* dlaczego jak opisz* omów* streść* förklar* varför hur beskriv* diskuter* sammanfatt*",
    "açıkla* neden niçin nasıl anlat* özetle* объясн* почему зачем как опиш* обсуд* расскаж* поясн* чому обговор*",
    "اشرح لماذا كيف صف وضح لخص הסבר הסבירו מדוע למה איך כיצד תאר תארו סכם סכמו समझाइए समझाओ समझाएं क्यों कैसे वर्णन",
    "解释 解釋 为什 為什 如何 怎么 怎麼 说明 說明 描述 总结 總結 説明 なぜ 解説 要約 理由",
    "설명* 왜 어떻* 요약* 서술*",
    "solve solves solving calculat* compute computes löse lösen berechn* résou* calcul* resuelv* risolv* resolv*",
    "bereken* rozwiąż* oblicz* lös beräkn* çöz* hesapla* реши решите вычисл* обчисл* حل احسب פתור פתרו חשב हल",
    "计算 計算 求解 해결* 계산*",
  ],
  sequence: [
    "first firstly then next finally step steps secondly thirdly afterwards subsequently stages phase phases",
    "zuerst danach anschließend schließlich schritt schritte schrittweise zunächst erstens zweitens",
    "ensuite puis enfin étape étapes premièrement abord luego después finalmente paso pasos primero",
    "poi infine passo passi innanzitutto depois finalmente passos etapas primeiro stap stappen daarna vervolgens",
    "najpierw następnie potem krok kroki kroku först sedan därefter steg slutligen önce sonra adım adımlar",
    "сначала затем потом шаг шаги шагам спочатку потім крок кроки أولا ثم خطوة خطوات ראשית אחר שלב שלבים צעד पहले फिर चरण",
    "首先 然后 然後 接着 最后 最後 步骤 步驟 まず 次に 手順 먼저 다음 단계*",
  ],
  constraint: [
    "must should shall only exactly ensure without within except unless avoid maximum minimum least most limit",
    "require* constraint* criteria criterion respect format include including exclude strictly never always",
    "muss müssen soll sollte nur genau ohne höchstens mindestens maximal außer vermeide beachte einhalten",
    "doit doivent seulement exactement sans moins maximum sauf évite debe deben solo exactamente sin menos máximo",
    "deve devono soltanto esattamente senza almeno devem somente exatamente sem menos moet moeten alleen precies",
    "zonder minstens hoogstens musi muszą tylko dokładnie bez najmniej måste endast exakt utan minst högst",
    "zorunda yalnızca sadece tam olmadan fazla должен должна должны только ровно без менее более повинен лише",
    "يجب فقط بدون دون حتما חייב חייבים רק בדיוק ללא לפחות चाहिए केवल बिना कम",
    "必须 必須 只能 不得 至少 至多 不超 要求 限制 なけ 以内 以上 以下 のみ 반드시 이내* 이상* 이하* 없이 최소* 최대*",
  ],
  code: [
    "function functions def class const import async await struct enum interface lambda",
    "void int string boolean null undefined sql python javascript typescript java rust",
    "golang kotlin swift php ruby bash regex api apis endpoint json yaml xml html css react docker kubernetes",
    "algorithm* algorithmus algorithme algoritmo* algorytm* algoritm* алгоритм* compile* compiler runtime thread*",
    "concurren* mutex deadlock* exception* stacktrace traceback segfault unittest pytest refactor* codebase",
    "programm* funktion fonction función funzione função funkcj* fonksiyon функци* функці* код kod código codice",
    "كود برمجة خوارزمية دوال קוד אלגוריתם פונקציה कोड एल्गोरिदम 代码 代碼 函数 函數 算法 编程 コード 関数 코드* 함수* 알고리즘*",
  ],
  maths: [
    "theorem* lemma equation* integral* derivative* matrix matrices vector* eigen* polynomial* probabilit* variance",
    "differential calculus algebra* geometr* topolog* infinit* prime primes modulo converge* asymptot* stochastic",
    "gleichung* ableitung* wahrscheinlichkeit* satz primzahl* équation* théorème* dérivée* probabilité* ecuación*",
    "ecuaciones teorema derivada probabilidad* equazion* probabilità equaç* vergelijking* kansrekening równani*",
    "twierdzeni* prawdopodob* ekvation* sannolikhet* denklem* olasılık* teorem* уравнен* теорем* вероятност*",
    "рівнян* ймовірніст* интеграл* інтеграл* матриц* معادلة نظرية احتمال משוואה משפט הסתברות समीकरण प्रमेय प्रायिकता",
    "方程 定理 积分 積分 导数 矩阵 概率 微分 確率 行列 방정식* 정리* 적분* 확률* 행렬*",
  ],
  domain: [
    "legal law laws statut* contract* liabilit* jurisdiction* regulat* compliance gdpr plaintiff tort patent*",
    "clinical patient* diagnos* symptom* therap* pharmac* dosage patholog* oncolog* cardio* genom* protein*",
    "econom* fiscal monetary inflation equity derivative* portfolio valuation audit* balance macro* depreciation",
    "quantum thermodynam* molecul* chemi* physic* neuro* biolog* climate philosoph* epistemolog* sociolog*",
    "cryptograph* distributed latency throughput architecture infrastructure semiconductor* statistic* regression*",
    "recht rechtlich* vertrag* haftung* gesetz* steuer* klinisch* physik* wirtschaft* wissenschaft* datenschutz*",
    "juridique* contrat* droit fiscalité clinique* scientifique* économi* jurídic* contrato* derecho clínic*",
    "ciencia* científic* giuridic* contratto diritto scientific* direito juridisch* overeenkomst* wetenschap*",
    "prawn* umow* klinicz* naukow* ekonom* juridisk* avtal* vetenskap* hukuk* sözleşme* bilimsel ekonomi*",
    "юридическ* договор* закон* клиническ* научн* эконом* физик* юридичн* договір* наук* економ*",
    "قانون قانوني عقد سريري اقتصاد علمي חוק חוזה משפטי קליני כלכלה מדעי कानून अनुबंध अर्थव्यवस्था विज्ञान",
    "法律 合同 临床 臨床 经济 經濟 科学 科學 物理 量子 契約 経済 법률* 계약* 임상* 경제* 과학* 양자*",
  ],
  length: [
    "essay* report reports thesis dissertation article comprehensive* detailed thorough* depth extensive* whitepaper",
    "complete chapter* tutorial guide proposal documentation specification manuscript exhaustive*",
    "aufsatz bericht ausführlich* umfassend* detailliert* doktorarbeit abschlussarbeit leitfaden dissertation",
    "rapport rédige dissertation détaillé* complet approfondi* ensayo informe detallad* completo exhaustiv*",
    "saggio relazione dettagliat* approfondit* redação relatório detalhad* aprofundad* verslag uitgebreid* gedetailleerd*",
    "wypracowanie esej raport szczegółow* wyczerpując* uppsats utförlig* detaljerad* makale rapor ayrıntılı detaylı",
    "эссе отчёт отчет доклад подробн* реферат есе звіт доповідь детальн* مقال تقرير بالتفصيل مفصل",
    "מאמר דוח מפורט חיבור निबंध रिपोर्ट विस्तृत विस्तार 论文 論文 报告 報告 详细 詳細 作文 詳しく レポ 논문* 보고서* 자세* 에세이*",
  ],
  words: [
    "words word wörter worte wörtern mots palabras parole parol* palavras woorden słów ord kelime kelimelik слов слів",
    "كلمة מילים शब्द शब्दों 字 词 단어* 자* 語",
  ],
  pages: [
    "pages page seiten seite páginas pagine pagina strony stron sidor sayfa sayfalık страниц страницы сторінок",
    "صفحة صفحات עמודים पृष्ठ पेज 頁 页 쪽* 페이지*",
  ],
  smalltalk: [
    "hi hey hello thanks thank bye goodbye ok okay yo cheers morning greetings please hallo danke tschüss servus",
    "bonjour salut merci bonsoir hola gracias adiós buenos buenas ciao grazie salve olá obrigado obrigada oi bom",
    "hoi dank bedankt dag cześć dzięki dziękuję dzień hej tack hejdå tjena merhaba selam teşekkürler günaydın",
    "привет здравствуйте здравствуй спасибо пока привіт дякую добрий вітаю مرحبا مرحباً شكرا أهلا السلام عليكم",
    "שלום תודה היי नमस्ते धन्यवाद शुक्रिया 你好 您好 谢谢 謝謝 再见 こん にち ちは 안녕* 고마* 감사*",
  ],
  lookup: [
    "what who when where which capital translate translation spell synonym* weather time date define definition",
    "wer wann wo welche hauptstadt übersetze übersetzen wetter uhrzeit qui quand où quelle capitale traduis",
    "traduisez météo qué quién cuándo dónde capital traduce clima cosa chi quando dove traduci meteo quem onde",
    "traduza wat wie wanneer waar hoofdstad vertaal weer co kto kiedy gdzie stolica przetłumacz pogoda vad vem när",
    "huvudstad översätt väder kim zaman nerede başkent başkenti çevir hava что кто когда где столица переведи",
    "погода що хто коли де переклади ما من متى أين عاصمة ترجم الطقس מה מי מתי איפה בירת תרגם क्या कौन कब कहाँ राजधानी",
    "अनुवाद 什么 什麼 谁是 哪里 首都 翻译 翻譯 天气 何時 どこ 天気 무엇* 누구* 언제* 어디* 수도* 번역* 날씨*",
  ],
};
