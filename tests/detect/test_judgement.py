"""The judgement of generic kinds: what it shows, what it never alarms about, what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.detector import Detector
from leakguard.detect.judgement import SECRET, SHOWN, adjust_for_path, judge, verdict_of
from leakguard.detect.judgement.explain import explain
from leakguard.detect.judgement.features import features_of
from leakguard.detect.judgement.forest import load_forest
from leakguard.detect.judgement.paths import path_kinds
from leakguard.detect.judgement.tables import rarity, wordiness
from leakguard.detect.judgement.value import shape
from leakguard.detect.judgement.vetoes import refusal, veto
from leakguard.detect.rules import patterns_folder, read_rules
from leakguard.detect.ruleset import RuleSet, build_ruleset
from leakguard.detect.template import expand


@pytest.fixture(scope="module")
def detector() -> Detector:
    folder: Path = patterns_folder()
    return Detector(RuleSet(build_ruleset(read_rules([folder / "assignments.toml", folder / "idioms.toml"]))))


def found(detector: Detector, template: str) -> list[str]:
    return [match.rule for match in detector.detect(expand(template, "judged").encode()).matches]


@pytest.mark.parametrize(
    "line",
    [
        "password: changeme",
        'password = "<password>"',
        "DB_PASSWORD=${DB_PASSWORD}",
        "DB_PASSWORD={{ .Values.db.password }}",
        'api_key: "xxxxxxxxxxxxxxxx"',
        "API_KEY=your-api-key-here",
        'token = "{x:32}"',
        'secret: "********"',
        'password: "password"',
        "password=password",
        'DB_PASSWORD="%DB_PASSWORD%"',
        "token = parser.next_token()",
        'const password = document.getElementById("password").value;',
        "self.token = token",
        "AccessToken: config.AccessToken,",
        "api_key = os.environ['API_KEY']",
    ],
)
def test_a_stand_in_or_a_reference_never_alarms(detector: Detector, line: str) -> None:
    assert found(detector, line) == []


@pytest.mark.parametrize(
    "line",
    [
        '"integrity": "sha512-{base64:86}=="',
        '<script src="a.js" integrity="sha384-{base64:64}" crossorigin="anonymous"></script>',
        'checksum = "{hex:64}"',
        "requests==2.31.0 --hash=sha256:{hex:64}",
        "golang.org/x/text v0.3.7 h1:{base64:43}=",
        'commit = "{hex:40}"',
        '"sha": "{hex:40}"',
        'resolved "https://acme.example/a/-/a-1.0.0.tgz#{hex:40}"',
    ],
)
def test_digests_and_git_ids_never_alarm(detector: Detector, line: str) -> None:
    assert found(detector, line) == []


@pytest.mark.parametrize(
    "line",
    [
        'public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{base64:43} me@host"',
        'publicKey: "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA{base64:300}"',
        "key: MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ{base64:150}",
        "-----BEGIN CERTIFICATE-----",
        '"certificate": "MIIDdzCCAl+gAwIBAgIEAgAA{base64:200}"',
    ],
)
def test_public_keys_and_certificates_never_alarm(detector: Detector, line: str) -> None:
    assert found(detector, line) == []


@pytest.mark.parametrize(
    "line",
    [
        '"id": "{uuid}"',
        "uid: {uuid}",
        'first_key = "{uuid}"',
        'seed: "{uuid}"',
        '"projectId": "{uuid}"',
        'key_id = "{uuid}"',
        '<supportedOS Id="{{uuid}}" />',
    ],
)
def test_a_uuid_without_a_secrets_name_never_alarms(detector: Detector, line: str) -> None:
    assert found(detector, line) == []


@pytest.mark.parametrize(
    "line",
    [
        '"password": "Bitte geben Sie ein Passwort für Ihr Konto ein",',
        '"INVALID_PASSWORD": "Hasło jest nieprawidłowe",',
        '"PASSWORD_HINT": "请输入密码",',
        'token_expired: "Your session has expired, please sign in again"',
        'msgstr "Le mot de passe doit comporter au moins 8 caractères"',
        ".token.keyword { color: #a626a4; }",
        "background: url(data:image/png;base64,{base64:200});",
        '<img alt="key" src="data:image/png;base64,{base64:200}">',
    ],
)
def test_translations_styles_and_images_never_alarm(detector: Detector, line: str) -> None:
    assert found(detector, line) == []


@pytest.mark.parametrize(
    "line",
    [
        '"key_name": "prod{lowernum:7}-cmk",',
        "key_down_event={alnum:28}",
        '<input type="hidden" name="authenticity_token" value="{base64url:86}" />',
        'SECRET = getenv("{uppernum:9}")',
        'publishable_key = "{alnum:40}"',
    ],
)
def test_what_its_name_or_place_says_is_public_or_a_name_never_alarms(detector: Detector, line: str) -> None:
    assert found(detector, line) == []


@pytest.mark.parametrize(
    "line",
    [
        "password: ENC[AES256_GCM,data:{base64:24},iv:{base64:44},tag:{base64:24},type:str]",
        'password: "vault:v1:{base64:48}"',
        "db.password=ENC({base64:44})",
        "spring.datasource.password={cipher}{hex:64}",
        'DB_PASSWORD="encrypted:{base64:120}"',
        "secret: AgA{base64:300}",
        "password: op://vault/item/password",
        "secret: arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-{alnum:6}",
    ],
)
def test_an_encrypted_value_or_a_reference_to_a_vault_is_no_finding(detector: Detector, line: str) -> None:
    assert found(detector, line) == []


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("DB_PASSWORD={alnum:16}", "generic-password"),
        ('  "password": "{chars:A-Za-z0-9!@%^*_-:14}",', "generic-password"),
        ("spring.datasource.password={alnum:14}", "generic-password"),
        ('<add key="DbPassword" value="{alnum:14}" />', "generic-password"),
        ("  - POSTGRES_PASSWORD={alnum:14}", "generic-password"),
        ('mysql.createConnection({ host: "db", user: "root", password: "{alnum:12}" })', "generic-password"),
        ('password: process.env.DB_PASSWORD || "{alnum:14}",', "generic-password"),
        ('new GitHubStrategy({ clientID: id, clientSecret: "{hex:40}" })', "generic-secret"),
        ('session({ secret: "{alnum:24}" })', "generic-secret"),
        ('SECRET = os.environ.get("APP_SECRET", "{alnum:32}")', "generic-secret"),
        ("ENV API_TOKEN={alnum:32}", "generic-token"),
        ("$env:API_KEY = '{alnum:32}'", "generic-key"),
        ('apiKey := "{alnum:32}"', "generic-key"),
        ('var key = []byte("{alnum:32}")', "generic-value"),
        (
            "aes_key = {0x8f, 0x1b, 0x9a, 0x33, 0x07, 0xe2, 0x5c, 0xd1, 0x44, 0xb8, 0x61, 0xa9, 0x02, 0xf7}",
            "generic-key-bytes",
        ),
        ("Authorization: Basic {b64pad:acme:{alnum:13}}", "generic-authorization"),
        ("sshpass -p {alnum:14} ssh root@10.1.2.3", "generic-command-password"),
        ("CREATE USER 'app'@'%' IDENTIFIED BY '{alnum:14}';", "generic-sql-password"),
        ('jwt.sign(payload, "{alnum:32}")', "generic-jwt-secret"),
        ('new Sequelize("app", "root", "{alnum:14}")', "generic-sequelize"),
        ('crypto.createHmac("sha256", "{alnum:32}")', "generic-crypto-literal"),
        ('requests.get(url, auth=("admin", "{alnum:14}"))', "generic-login-call"),
        ('login, password = "bob", "{alnum:14}"', "generic-login-call"),
        ("ldap_bind($link, 'cn=app', '{alnum:14}');", "generic-login-call"),
        ("password: ${DB_PASSWORD:-{alnum:14}}", "generic-fallback"),
        ('@Value("${app.jwt.secret:{alnum:32}}")', "generic-fallback"),
        ('parser.add_argument("--token", type=str, default="{alnum:32}")', "generic-fallback"),
        ('#define WIFI_PASSWORD "{alnum:14}"', "generic-declaration"),
        ("ENV DB_PASSWORD {alnum:16}", "generic-declaration"),
        ('public string ApiKey { get; set; } = "{alnum:32}";', "generic-declaration"),
        ('char wifi_password[] = "{alnum:14}";', "generic-password"),
        ("CREATE LOGIN app WITH PASSWORD = N'{alnum:14}';", "generic-password"),
        ('<property name="hibernate.connection.password">{alnum:14}</property>', "generic-password"),
        ("<password><![CDATA[{alnum:14}]]></password>", "generic-password"),
        ('{"name": "DB_PASSWORD", "value": "{alnum:14}"}', "generic-named-pair"),
        ("- { name: DB_PASSWORD, value: {alnum:14} }", "generic-named-pair"),
        ("<name>fs.s3a.secret.key</name>\n  <value>{alnum:32}</value>", "generic-named-pair"),
        ('variable "db_password" {\n  type = string\n  default = "{alnum:14}"\n}', "generic-named-pair"),
        ("client_secret: |\n  {alnum:32}\n", "generic-next-line"),
        ('curl -H "X-Api-Key: {alnum:32}" https://api.acme.example/', "generic-key"),
        ("docker login -u bob -p {alnum:14} registry.acme.example", "generic-command-password"),
    ],
)
def test_a_random_value_with_a_telling_name_is_found(detector: Detector, line: str, rule: str) -> None:
    assert rule in found(detector, line)


@pytest.mark.parametrize("value", ["aB3$x&Y9!zQ", "Kz7|mQ;x2,vT", "t9]Lw}4hR{x2"])
def test_an_unquoted_password_is_read_to_the_end_of_its_line_whatever_signs_it_has(
    detector: Detector, value: str
) -> None:
    (match,) = detector.detect(f"user: app\n  password: {value}\nport: 1\n".encode()).matches
    assert match.secret.reveal().decode() == value


@pytest.mark.parametrize(
    "line",
    [
        '"LABEL_PASSWORD": "Wachtwoord",',
        'new_password: "Neues Passwort"',
        "'FORGOT_PASSWORD' => 'Esqueceu a senha?',",
        '<string name="password">Salasana</string>',
        'password_hint = "Devi inserire la parola giusta."',
    ],
)
def test_the_word_password_in_another_language_never_alarms(detector: Detector, line: str) -> None:
    assert found(detector, line) == []


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("1, 2, 3, 4, 5, 6, 7, 8, 9, 10", "resetToken"),
        ("0x10, 0x0f, 0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 0x09, 0x08", "key"),
        ("0xC02900A0", "STATUS_TICKET"),
        ("{hex:64}", "ADMIN_SHA256_PASSWORD"),
        ("$2a$08${alnum:53}", "password"),
        ("{uuid}", "first_key"),
        ("{hex:32}", "PasswordReset.php"),
        ("\x01{alnum:20}", "password"),
        ("{chars:A-F0-9:16}", "signing_key_id"),
        ("{hex:40}", "keyserver_id"),
        ("{hex:40}", "localKeyIdHex"),
        ("{hex:40}", "projectKey"),
        ("{base64url:34}", "formkey"),
        ("{alnum:20}", "oauth_client_id"),
        ("{alnum:30}", "ec2_client_token"),
        ("{hex:8}", "ppa_key"),
        ("{base64:43}=", "keySHA256Header"),
        ("JackyGao2016 (@JackyGao2016)", "author"),
        ("4023415629", "app/Passwords/Reset.php"),
        ("-0x3f879678", "SIOCGLIFTOKEN"),
        ("2014-10-10T14:37:51Z", "PasswordLastUsed"),
        ("7b:40:be:5a:9a:90:1f:8a:b6:ec:7e:48:82:ae:73:dc", "ssh_keys"),
        ("ponmlkjihgfedcbaponmlkjihgfedcba", "encryption_key"),
        ("AbcdEfghIjklMnop", "secret"),
        ("{b64pad:testValue}", "encryptionKey"),
        ("{b64pad:test-key}", "key"),
        ("{b64pad:username:password}", "Basic"),
        ("7465737456616c7565", "secretValue"),
        ("PBES2-HS256+A128KW", "KeyAlgorithm"),
        ("AES-128-GCM", "key128"),
        ("ssh-ed25519", "KeyAlgoED25519"),
        ("md5{hex:32}", "password"),
        ("*{hex:40}", "password"),
        ("mQENBFXbjPUBCAD{alnum:200}", "TestPubKey1"),
        ("&rscd=", "token"),
        ("docs-sidebar", "docs-sidebar"),
        ("webmks", "TicketTypeWebmks"),
        ("{hex:32}", "secret_version"),
        ("{alnum:32}", "csrftoken"),
        ("~/.rax_pub", "credentials"),
        ("WinNT://{0}", "member_sid"),
        ("bearer", "token_type"),
    ],
)
def test_what_cannot_be_a_secret_is_refused_before_it_is_weighed(value: str, name: str) -> None:
    assert veto(expand(value, "veto").encode(), name.encode())


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("{alnum:24}", "primary_key"),
        ("{hex:32}", "config/prod/api_key"),
        ("{hex:16}", "secret_key"),
        ("{b64pad:Kd8xQz1r:{alnum:13}}", "Basic"),
        ("{b64pad:correct-horse-battery-staple}", "password"),
        ("{base64:43}=", "encryption_key"),
        ("{uuid}", "client_secret"),
        ("abcd-{alnum:12}", "password"),
        ("Sommer2019", "password"),
        ("{alnum:20}", "authorization"),
    ],
)
def test_what_only_resembles_those_is_weighed(value: str, name: str) -> None:
    assert veto(expand(value, "weighed").encode(), name.encode()) == ""


@pytest.mark.parametrize(
    ("before", "sep", "quote", "value", "after"),
    [
        (b"password = config.get(", b" = ", b"'", b"zabbix_PW1", b"')"),
        (b"login(url_password=self.creds[", b"=", b"'", b"pswd7", b"'])"),
        (b"password = module.params['iscsi'][", b" = ", b'"', b"chap_password2", b'"]'),
        (b"if (password !==", b" !== ", b"'", b"confirmation", b"')"),
        (b"if token ==", b" == ", b'"', b"a.master.b", b'" {'),
        (b"- Release GPG key:", b": ", b"", b"9554F04D7259F04124DE6B476D5A82AC7E37093B", b""),
        (b"\x89\x12\x01\x02 \xff\xfe\x03pW", b"=", b"", b"x-HGZ7", b"\xa1x\x01"),
    ],
)
def test_what_is_looked_up_or_compared_or_a_fingerprint_or_binary_by_its_place_is_refused(
    before: bytes, sep: bytes, quote: bytes, value: bytes, after: bytes
) -> None:
    start = len(before + quote)
    groups = {"name": b"key" if b"key" in before else b"password", "sep": sep, "q": quote}
    window = before + quote + value + after
    assert refusal(Evidence(value, window, start, start + len(value), groups))


def test_a_password_as_people_choose_it_under_a_policy_is_found(detector: Detector) -> None:
    assert found(detector, "DB_PASSWORD=Sommer2019!") == ["generic-password"]


def test_the_second_name_on_a_line_is_read_where_the_first_swallowed_it(detector: Detector) -> None:
    text = expand('token = os.getenv("TOKEN", "{alnum:32}")', "second")
    (match,) = detector.detect(text.encode()).matches
    assert match.secret.reveal().decode() == text.split('"')[3]


def test_a_match_carries_its_score_and_its_reasons(detector: Detector) -> None:
    (match,) = detector.detect(expand("API_TOKEN={alnum:32}", "score").encode()).matches
    assert match.score >= SHOWN
    assert 1 <= len(match.reasons) <= 3


def test_a_match_held_back_says_why(detector: Detector) -> None:
    (held,) = detector.detect(b'password: "enterYourPassword"').held
    assert held.detail


def test_judging_depends_on_the_neighbourhood_only_and_repeats_itself() -> None:
    window = expand('api_token = "{alnum:32}"', "same").encode()
    evidence = Evidence(window[13:45], window, 13, 45, {"name": b"api_token", "sep": b" = ", "q": b'"'})
    assert judge(evidence) == judge(evidence)
    assert judge(evidence).verdict == "secret"


LEVELS = st.sampled_from((0, 2, 10, 20, 40, 60, 90, 130, 255))


@given(st.data())
def test_what_some_trees_hold_back_all_trees_would(data: st.DataObject) -> None:
    forest = load_forest()
    numbers = data.draw(st.lists(LEVELS, min_size=len(forest.numbers), max_size=len(forest.numbers)))
    row = forest.row(data.draw(st.lists(st.sampled_from(forest.flags), max_size=24)), bytes(numbers))
    score = round(forest.score(row), 4)
    if forest.falls_short(row, SHOWN):
        assert verdict_of(score) == "not"
    assert not forest.falls_short(row, max(score - 0.01, 0.001))


def test_most_of_what_is_held_back_is_told_by_some_trees() -> None:
    forest = load_forest()
    assert forest.falls_short(forest.row(["shape:phrase"], bytes(len(forest.numbers))), SHOWN)
    window = expand('api_token = "{alnum:32}"', "told").encode()
    evidence = Evidence(window[13:45], window, 13, 45, {"name": b"api_token", "sep": b" = ", "q": b'"'})
    assert not forest.falls_short(forest.row(*features_of(evidence)), SHOWN)


def test_what_is_held_back_has_no_score_but_where_somebody_asks_why() -> None:
    window = b'password = "enterYourPassword"'
    evidence = Evidence(window[12:29], window, 12, 29, {"name": b"password", "sep": b" = ", "q": b'"'})
    judgement, explanation = judge(evidence), explain(evidence)
    assert (judgement.verdict, judgement.score) == ("not", 0.0)
    assert 0 < explanation.score < SHOWN


@pytest.mark.parametrize(
    "value", [b"", b"\x00" * 40, b"\xff\xfe" * 20, b"'" * 400, b"(" * 400, b"a.a" * 130, b"a/" * 200]
)
def test_any_bytes_get_a_score_between_nothing_and_one(value: bytes) -> None:
    judgement = judge(Evidence(value, b"key=" + value, 4, 4 + len(value), {"name": b"key", "sep": b"="}))
    assert 0 <= judgement.score <= 1


def rule_of(detector: Detector, identifier: str):
    return next(rule for rule in detector.rules if rule.id == identifier)


def test_a_path_only_ever_lowers_a_score(detector: Detector) -> None:
    rule = rule_of(detector, "generic-password")
    for path in ("app/.env", "package-lock.json", "locale/de.json", "tests/test_app.py", "src/a.min.js", "main.go", ""):
        for score in (0.2, SHOWN, 0.9, 0.99):
            assert adjust_for_path(rule, score, path) <= score


def test_in_lock_files_translations_and_styles_nothing_is_shown(detector: Detector) -> None:
    rule = rule_of(detector, "generic-token")
    for path in ("yarn.lock", "web/package-lock.json", "a/locales/fr/login.json", "site/main.css"):
        assert verdict_of(adjust_for_path(rule, 0.9, path)) == "not"


def test_in_tests_examples_documentation_and_vendored_code_a_match_is_weak_at_most(detector: Detector) -> None:
    rule = rule_of(detector, "generic-secret")
    for path in (
        "tests/test_login.py",
        "src/app.spec.ts",
        "examples/basic.js",
        "conf/app.yml.dist",
        "spec/fixtures/a.json",
        "website/docs/r/user.html.markdown",
        "vendor/github.com/acme/client/client.go",
    ):
        assert verdict_of(adjust_for_path(rule, 0.99, path)) == "weak"


def test_a_readme_of_ones_own_may_hold_a_secret(detector: Detector) -> None:
    assert verdict_of(adjust_for_path(rule_of(detector, "generic-secret"), 0.99, "README.md")) == "secret"


def test_a_rule_that_is_not_generic_keeps_its_score_whatever_the_path() -> None:
    rule = read_rules([patterns_folder() / "github.toml"])[0][0]
    assert adjust_for_path(rule, 0.0, "tests/test_login.py") == 0.0


def test_verdicts_are_three_words_in_the_order_of_scores() -> None:
    assert [verdict_of(score) for score in (0.0, SHOWN, SECRET)] == ["not", "weak", "secret"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Cargo.lock", "lock-file"),
        ("src/app.test.ts", "test"),
        ("pkg/a_test.go", "test"),
        ("docs/guide.md", "documentation"),
        (".env.example", "example"),
        ("static/jquery.min.js", "minified"),
        ("vendor/lib/a.go", "vendored"),
        ("po/de.po", "translation"),
        (".env", "environment"),
    ],
)
def test_a_path_tells_its_kind(path: str, kind: str) -> None:
    assert kind in path_kinds(path)


def test_random_letters_are_rare_together_and_words_are_not() -> None:
    assert rarity(b"passwordmanager") < 4.5 < rarity(b"qzxvkjwpfqhb")
    assert wordiness(b"getUserPassword") == 1.0
    assert wordiness(b"qzxvkjwpfqhb") == 0.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"${DB_PASSWORD}", "template"),
        (b"user.password", "dotted"),
        (b"SOME_CONSTANT", "constant"),
        (b"some_name", "snake"),
        (b"1.2.3", "version"),
        (b"https://acme.example/a", "url"),
        (b"./keys/server", "path"),
        (b"server.pem", "file"),
        (b"12345", "number"),
        (b"somePropertyName", "camel"),
    ],
)
def test_a_value_has_the_first_shape_that_fits(value: bytes, expected: str) -> None:
    assert shape(value) == expected


def test_a_password_with_one_letter_beyond_ascii_is_not_taken_for_a_sentence() -> None:
    assert veto("Grüße7x!q".encode(), b"password") == ""
    assert veto("Bitte ein Passwort wählen".encode(), b"password") != ""


@pytest.mark.parametrize(
    "value", ["a1b2c3d4-e5f6-7890-abcd-ef1234567890", "a1B2c3D4e5F6g7H8i9J0k1L2", "Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9"]
)
def test_letters_that_go_through_the_alphabet_are_typed(detector: Detector, value: str) -> None:
    assert found(detector, f"API_KEY={value}") == []
