import pytest

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.url import check_password, host_name, is_local


def verdict(password: str, user: str = "app", host: str = "db.acme.io:5432"):
    secret = password.encode()
    return check_password(
        Evidence(secret, secret, 0, len(secret), {"user": user.encode(), "host": host.encode()}), ""
    ).outcome


@pytest.mark.parametrize("password", ["Zk3vQ9pLx7", "correct%20horse%20battery", "p%40ss-Word-77", "tiger7Lion"])
def test_a_password_of_a_host_that_can_be_reached_stands(password):
    assert verdict(password) == "neutral"


@pytest.mark.parametrize(
    "password",
    ["password", "PASS", "app", "${DB_PASSWORD}", "$PASSWORD", "{{ pw }}", "<password>", "%s", "{password}",
    "[YOUR-PASSWORD]",
     "$(cat pw)", "%DB_PASS%", "changeme", "********", "' + password + '", "xxxxxxxx", "#{pw}",
     "yourpassword", "", "..."],
)  # fmt: skip
def test_stand_ins_and_templates_refute(password):
    assert verdict(password) == "refuted"


@pytest.mark.parametrize(
    "host", ["localhost:5432", "127.0.0.1", "[::1]:80", "db.example.com", "host", "x.test", "0.0.0.0:1", "127.3.2.1"]
)
def test_local_and_example_hosts_lower_the_weight(host):
    assert verdict("Zk3vQ9pLx7", host=host) == "doubtful"
    assert verdict("postgres", "me", host) == "refuted"


def test_a_default_password_of_a_real_host_is_doubtful():
    assert verdict("guest", "rabbit") == "doubtful"


@pytest.mark.parametrize("password", ["123456", "mysqlpw", "my-secret-pw", "secret"])
def test_a_default_password_of_a_container_refutes(password):
    assert verdict(password, "root", "mysql:3306") == "refuted"


def test_another_password_of_a_container_stands():
    assert verdict("Zk3vQ9pLx7", "root", "mysql:3306") == "neutral"


def test_the_host_is_the_first_one_without_port():
    assert host_name(b"A.b:1,c.d:2") == b"a.b"
    assert host_name(b"[2001:db8::1]:5") == b"2001:db8::1"
    assert is_local(b"::1")
    assert not is_local(b"10.0.0.1")
