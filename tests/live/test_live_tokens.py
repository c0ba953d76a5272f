"""The page's tokenizers on words and sentences of many scripts: they cut as Python's do.

A character alone says little. What stands beside it decides about a final sigma, an accent that
is written as a mark of its own, a syllable made of parts, or a space that only one library knows.
"""

import json
import random
import unicodedata
from pathlib import Path

import pytest
from test_live import run, site  # noqa: F401 - fixtures
from tokenizers import Tokenizer

from scripts.live import make as live

WORDS = {
    "Latin": "São naïve Ångström Łódź Žižek þorn Đà Việt ĳs ǆep ſtraße STRASSE ẞ œuvre ÆSIR"
    " İstanbul DIYARBAKIR Iğdır ısı ŉ ǰ ẖ ﬁne eﬃcient ﬂoor ﬅ Ĳ ª ℓ K Å µm ™ ℃ don't don’t I'LL",
    "marks": "e\u0301te\u0301 a\u0328\u0301 a\u0301\u0328 o\u0302\u0323 o\u0323\u0302 q\u0307\u0323"
    " x\u0338 i\u0307 a\u0300\u0301 a\u0345\u0301 \u0301a a\u0361b Z\u0351\u036b\u0343 \u0344 =\u0338"
    " s\u0323\u0307 s\u0307\u0323 e\u0301\u0323 \u0f71\u0f72 a\u20dd \u2126 \u212b",
    "Greek": "Σίσυφος ΣΊΣΥΦΟΣ ΟΔΥΣΣΕΥΣ ὈΔΥΣΣΕΎΣ ΑΣ Σ ΣΣ ΜΈΓΑΣ. ΧΆΟΣ, λόγος ᾳ ᾼ ᾠδή ΐ Ϊ́ ϐ ς Α΄",
    "Cyrillic": "Привет ПРИВЕТ ёлка е\u0308лка йод и\u0306од Київ їжак Ђорђе Ѓ Ҷ Ꙗ а҃",
    "Arabic": "مرحبا العالم السَّلَامُ لا ﻻ ﷲ ﷽ أهلاً آ ا\u0653 می\u200cخواهم ٣٤٥ ۱۲۳ ؟ ـــ ٱ",
    "Hebrew": "שלום שָׁלוֹם בְּרֵאשִׁית שׁ ש\u05c1 יִ צה״ל ג׳ירף ־",
    "Devanagari": "नमस्ते हिन्दी क़लम क\u093cलम ज़रा श्री क्ष क्\u200dष र\u094d\u200c ड़ ॐ । ०१२",
    "of India": "বাংলা য় য\u09bc কো ক\u09c7\u09be ਪੰਜਾਬੀ ગુજરાતી தமிழ் க\u0bc6\u0bbe తెలుగు ಕನ್ನಡ മലയാളം ශ්‍රී",
    "Thai": "ภาษาไทย น้ำ น\u0e49\u0e4d\u0e32 กำ ก\u0e4d\u0e32 เก่า ๑๒๓ ຄຳ ລາວ",
    "Khmer": "ភាសាខ្មែរ ស្រី កម្ពុជា ញ្ញ ០១២ မြန်မာ ဥ\u102eး བོད་ཡིག ཀྵ",
    "Chinese": "向日葵 東京 龍 凜 豈 𠀀𠮷 𠮷野家 〇一二 々 﨑 ㍿ ㈱ ⼀",
    "Japanese": "ひらがな カタカナ ガ カ\u3099 か\u3099 ｶﾞ ﾊﾟ ハ\u309a ー ヴァ ㌔ ヿ ～ 〜から～ ｗ Ａ１ ！？",
    "Korean": "한국어 한 \u1112\u1161\u11ab \u1100\u1161\u11a8 ㄱㅏ 가\u11a8 ᄀ ﾡ ㈀ 문장입니다",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 ❤️ 1️⃣ 🇵🇹🇧🇷 🌻 a\u200db x\u200cy \u200d e\u200d\u0301",
    "others": "Հայերեն և ﬓ ქართული ႠႡ አማርኛ ᎠᏂ ᠮᠣᠩᠭᠣᠯ",
    "digits": "٣٤٥ ۳۴ ４５６ ৩০ 𝟙𝟚 ²³ x² ½kg Ⅳ ⅷ ③ 1,234.5 3٫14 ٪٣ ①a ⁷ 7½",
    "signs": "«x» “x” ‘x’ … — · † № ¡x! ‽ 、 ؛ ‐ \u2011 ´ ` ¨ ^ ~ ¸ ° | $ € ＄ ≠ √ ♥ \\ _x_ @x",
    "marks of models": "[CLS] [SEP] [MASK] [UNK] <|im_start|> <|im_end|> <|endoftext|> </s> <unk> <pad>",
}
SPACES = ["", " ", "  ", "\u00a0", "\u3000", "\u2028", "\u0085", "\u200b", "\ufeff", "\u00ad", "\t",
          "\r\n", "\x0b", "\x1c", "\u2060", "\ufffd", "\x00", "\u2581", "\u200d"]  # fmt: skip


def texts() -> list[str]:
    """Each word in a few surroundings; words side by side; spaces of all kinds between them."""
    chance = random.Random(18)
    every = sum((words.split() for words in WORDS.values()), [])
    made = []
    for words in map(str.split, WORDS.values()):
        for word in words:
            made += [word, f"a{word}b", f"the {word}.", word + word, word.upper(), f" {word} "]
        for _ in range(30):
            some = chance.choices(words, k=chance.randint(2, 6))
            made += [" ".join(some), "".join(some)]
    for _ in range(1200):
        made.append(chance.choice(SPACES).join(chance.choices(every, k=chance.randint(2, 5))))
        pieces = [chance.choice([*SPACES, "a", "1", "é", "漢"]) for _ in range(chance.randint(2, 9))]
        made.append("".join(pieces))
    made += [one * n for one in ("a", "é", "e\u0301", "𝕳", "漢", "🌻", "ß") for n in (99, 100, 101)]
    return list(dict.fromkeys(made))


@pytest.fixture(scope="module")
def told(run):  # noqa: F811
    return run("tokens", {"texts": dict.fromkeys(live.TOKENIZERS, texts()), "chats": []})


@pytest.mark.parametrize("family", live.TOKENIZERS)
def test_words_and_sentences_are_cut_as_in_python(told, family):
    tokenizer = Tokenizer.from_file(f"models/{family}/tokenizer.json")
    expected = [one.ids for one in tokenizer.encode_batch(texts())]
    pairs = zip(texts(), told[family], expected, strict=True)
    wrong = [text for text, found, ids in pairs if found != ids]
    assert not wrong, f"{len(wrong)}, such as {wrong[:5]}"


def flat(rule: dict | None) -> list[dict]:
    """A rule of tokenizer.json, and those that it is made of."""
    inner = (rule or {}).get("pretokenizers") or (rule or {}).get("normalizers") or []
    return [one for part in inner for one in flat(part)] or ([rule] if rule else [])


def test_what_stays_different_is_said_on_the_page(says):
    """Characters that came or changed after Unicode 8: MiniLM's rules alone ask for their kind."""
    says(
        "One difference is known: a few hundred rare marks and signs that are in Unicode only since 2016 may be cut "
        "differently by the tokenizer of MiniLM, because Python's library has older tables of characters than your "
        "browser. The tokenizers of SmolLM2 and of the translators do not ask those tables.",
        page="playground",
    )
    rules = {}
    for name in live.TOKENIZERS:
        made = json.loads(Path(f"models/{name}/tokenizer.json").read_text("utf-8"))
        rules[name] = {one["type"] for one in flat(made["normalizer"]) + flat(made["pre_tokenizer"])}
    asking = {"BertNormalizer", "BertPreTokenizer", "Punctuation", "UnicodeScripts"}
    assert {name for name, used in rules.items() if used & asking} == {"minilm"}
    library, arabic = Tokenizer.from_file("models/minilm/tokenizer.json"), "\u061d"
    assert unicodedata.category(arabic) == "Po", "in the tables of this Python"
    assert len(library.pre_tokenizer.pre_tokenize_str(f"a{arabic}b")) == 1, "no sign in the library's"
