"""The readers of config formats say which value is assigned to which name, at its exact span, and never raise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakguard.detect.structured import structured_matches
from leakguard.detect.template import expand
from leakguard.formats import READERS, find_reader, read_assignments


def pairs(path: str, text: str) -> list[tuple[str, str]]:
    return [(item.name, item.value.decode()) for item in read_assignments(path, text.encode())]


def test_dotenv_reads_exports_quotes_and_comments_after_values() -> None:
    text = "export A=one\nB=\"two words\"\n C = 'three' # said\n"
    assert pairs(".env", text) == [("A", "one"), ("B", "two words"), ("C", "three")]


def test_ini_puts_the_section_before_the_name() -> None:
    assert pairs("app.ini", "[db]\nuser = app\npassword: secret\n") == [("db.user", "app"), ("db.password", "secret")]


def test_hcl_puts_the_blocks_before_the_name() -> None:
    text = 'resource "aws_db" "main" {\n  password = "abc"\n}\nplain = "d"\n'
    assert pairs("main.tf", text) == [("resource.aws_db.main.password", "abc"), ("plain", "d")]


def test_yaml_puts_the_keys_above_before_the_name() -> None:
    text = "db:\n  password: abc\n  replica:\n    password: 'def'\ntop: g # said\n"
    assert pairs("a.yml", text) == [("db.password", "abc"), ("db.replica.password", "def"), ("top", "g")]


def test_yaml_reads_a_list_of_names_and_values_as_assignments() -> None:
    text = "env:\n  - name: DB_PASSWORD\n    value: abc\n  - name: HOST\n    value: db\n"
    assert ("env.DB_PASSWORD", "abc") in pairs("a.yaml", text)
    assert ("env.HOST", "db") in pairs("a.yaml", text)


def test_a_kubernetes_secret_is_decoded_and_keeps_its_own_span() -> None:
    text = "apiVersion: v1\nkind: Secret\ndata:\n  password: aHVudGVyMjEyMw==\n"
    (item,) = [item for item in read_assignments("s.yaml", text.encode()) if item.name == "data.password"]
    assert item.decoded == b"hunter2123"
    assert text.encode()[item.start : item.end] == item.value == b"aHVudGVyMjEyMw=="


def test_base64_outside_of_a_kubernetes_secret_is_left_as_it_is() -> None:
    text = "kind: ConfigMap\ndata:\n  password: aHVudGVyMjEyMw==\n---\nkind: Secret\ndata:\n  a: eHl6eHl6\n"
    decoded = {item.name: item.decoded for item in read_assignments("s.yaml", text.encode())}
    assert decoded["data.password"] == b""
    assert decoded["data.a"] == b"xyzxyz"


def test_json_puts_the_keys_above_before_the_name() -> None:
    text = '{"db": {"password": "abc", "hosts": ["x", "y"]}, /* said */ "n": 1, "b": "c",}'
    assert pairs("a.json", text) == [("db.password", "abc"), ("db.hosts", "x"), ("db.hosts", "y"), ("b", "c")]


def test_json_reads_name_and_value_as_an_assignment() -> None:
    assert ("values.API_TOKEN", "abc") in pairs("p.json", '{"values": [{"key": "API_TOKEN", "value": "abc"}]}')


def test_xml_reads_texts_and_key_value_attributes() -> None:
    text = '<c><add key="Password" value="abc"/><server><password>def</password></server></c>'
    assert ("c.add.Password", "abc") in pairs("web.config", text)
    assert ("c.server.password", "def") in pairs("settings.xml", text)


def test_a_property_lists_key_names_the_string_after_it() -> None:
    assert ("dict.ApiKey", "abc") in pairs("a.plist", "<dict><key>ApiKey</key><string>abc</string></dict>")


def test_netrc_is_read_over_lines() -> None:
    text = "machine api.acme.example\n  login me\n  password abc\n"
    assert pairs(".netrc", text) == [("api.acme.example.login", "me"), ("api.acme.example.password", "abc")]


def test_pgpass_reads_the_fifth_field_and_htpasswd_the_hash() -> None:
    assert pairs(".pgpass", "db:5432:app:me:abc\\:d\n") == [("db.password", "abc\\:d")]
    assert pairs(".htpasswd", "me:$apr1$abcdefgh\n") == [("me.hash", "$apr1$abcdefgh")]


def test_a_source_file_has_no_reader() -> None:
    assert find_reader("src/main.c") is None
    assert read_assignments("src/main.c", b"password = 1") == []


PATHS = (".netrc", ".pgpass", "a.json", "a.yml", "a.xml", ".env")


@pytest.mark.parametrize("path", PATHS)
@given(
    data=st.one_of(
        st.binary(max_size=400),
        st.text(alphabet="ab:=\"'{}[]<>/-# \n\\,", max_size=400).map(str.encode),
    )
)
def test_a_reader_reads_any_bytes_and_its_spans_are_exact(path: str, data: bytes) -> None:
    for item in read_assignments(path, data):
        assert 0 <= item.start <= item.end <= len(data)
        assert data[item.start : item.end] == item.value


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("piece", [b"{", b"[", b"a:\n ", b"<a>", b'"a":', b"a {\n", b"- ", b"\\", b'"', b"machine "])
def test_a_hostile_file_takes_no_more_than_linear_work(path: str, piece: bytes) -> None:
    read_assignments(path, piece * 20000)


def test_every_reader_handles_some_path() -> None:
    assert {type(find_reader(path)) for path in PATHS} == {type(reader) for reader in READERS}


def test_a_secret_whose_name_stands_above_it_is_matched() -> None:
    text = expand("password:\n  prod: {alnum:16}\n  label: Password\n", "above")
    (match,) = structured_matches("conf.yml", text.encode())
    assert match.name == "password.prod"
    assert match.score > 0


def test_a_kubernetes_secrets_base64_is_judged_by_what_it_decodes_to() -> None:
    text = expand("kind: Secret\ndata:\n  db-password: {b64pad:{alnum:15}}\n  token-name: {b64pad:default}\n", "kube")
    assert [match.name for match in structured_matches("secret.yaml", text.encode())] == ["data.db-password"]


def test_what_the_lines_of_a_file_showed_is_not_told_again_by_structure() -> None:
    text = expand('{"db": {"password": "{alnum:14}"}}', "taken")
    (match,) = structured_matches("conf.json", text.encode())
    assert structured_matches("conf.json", text.encode(), [(match.start - 9, match.start + 2)]) == []
    assert structured_matches("conf.json", text.encode(), [(match.end, match.end + 1), (0, 3)]) == [match]


def test_json_values_carry_all_keys_above_them_and_the_name_beside_them() -> None:
    text = '{"a": [{"name": "PASS", "value": "x1"}, {"b": {"c": "y", "n": 5}, "d": "z"}], "e": ["p", "q"], "f": 1}'
    told = [(item.name, item.value.decode()) for item in read_assignments("x.json", text.encode())]
    assert told == [("a.name", "PASS"), ("a.PASS", "x1"), ("a.b.c", "y"), ("a.d", "z"), ("e", "p"), ("e", "q")]
