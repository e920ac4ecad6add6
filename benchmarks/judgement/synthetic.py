"""Made-up lines for fitting: idioms of many languages with values that a machine or a person made, and the same with
values that no one has to revoke. The labelled set has few passwords as people choose them, few with many signs, and few
idioms other than assignments; these rows keep the trees from taking its habits for the world's.
"""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable

NAMED = (
    '{NAME}="{v}"',
    "{NAME}={v}",
    "export {NAME}={v}",
    "{NAME}: {v}",
    '  {name}: "{v}"',
    "  {name}: {v}",
    '"{name}": "{v}",',
    "'{name}': '{v}',",
    '{camel}: "{v}",',
    "{camel}: '{v}',",
    'const {camel} = "{v}";',
    "let {camel} = '{v}'",
    'const {camel} = process.env.{NAME} || "{v}";',
    "const {camel} = process.env.{NAME} ?? '{v}'",
    '{name} = "{v}"',
    "{name} = '{v}'",
    'self.{name} = "{v}"',
    '{name} = os.environ.get("{NAME}", "{v}")',
    '{NAME} = os.getenv("{NAME}", default="{v}")',
    "define('{NAME}', '{v}');",
    "$config['{name}'] = '{v}';",
    "'{name}' => '{v}',",
    'String {camel} = "{v}";',
    'private static final String {NAME} = "{v}";',
    'var {camel} = "{v}"',
    '{camel} := "{v}"',
    '{Camel}: "{v}",',
    'val {camel}: String = "{v}"',
    "app.{dotted}={v}",
    "ENV {NAME} {v}",
    "ENV {NAME}={v}",
    "docker run -e {NAME}={v} app",
    "<{camel}>{v}</{camel}>",
    '<add key="{Camel}" value="{v}" />',
    "config.{name} = '{v}'",
    '{name} = "{v}" # production',
    "# {NAME}={v}",
    '// {camel}: "{v}"',
    '$env:{NAME} = "{v}"',
    'set{Camel}("{v}");',
    '.{camel}("{v}")',
    "tool --user app --{kebab} {v}",
    "?user=app&{name}={v}&x=1",
    'client.connect({{ host: "db", user: "app", {camel}: "{v}" }});',
)
NAMELESS = (
    'jwt.sign(payload, "{v}")',
    "jwt.verify(token, '{v}', done);",
    'crypto.createHmac("sha256", "{v}")',
    'new Sequelize("app", "app", "{v}")',
    'requests.get(url, auth=("app", "{v}"))',
    'DriverManager.getConnection(url, "app", "{v}");',
    "$db = new PDO($dsn, 'app', '{v}');",
    'req.SetBasicAuth("app", "{v}")',
    "CREATE USER app IDENTIFIED BY '{v}';",
    "ALTER ROLE app WITH PASSWORD '{v}';",
    "curl -u app:{v} https://api.acme.example/",
    "sshpass -p {v} ssh app@host",
    "ConvertTo-SecureString '{v}' -AsPlainText -Force",
    'smtp.login("app", "{v}")',
    'session({{ secret: "{v}", resave: false }})',
    "Authorization: Bearer {v}",
)
PASSWORDS = (
    "password",
    "db_password",
    "mysql_root_password",
    "smtp_pass",
    "admin_pwd",
    "user_password",
    "redis_password",
    "passphrase",
)
KEYS = (
    "secret",
    "client_secret",
    "jwt_secret",
    "session_secret",
    "secret_key",
    "api_key",
    "access_token",
    "auth_token",
    "encryption_key",
    "signing_key",
    "api_token",
    "private_key",
    "webhook_secret",
    "app_secret",
    "deploy_token",
    "cookie_secret",
    "consumer_key",
)
WORDS = [
    "summer",
    "winter",
    "dragon",
    "monkey",
    "orange",
    "silver",
    "tiger",
    "garden",
    "mountain",
    "coffee",
    "football",
    "sunshine",
    "welcome",
    "company",
    "berlin",
    "london",
    "marie",
    "thomas",
    "love",
    "blue",
    "river",
    "eagle",
    "falcon",
    "rocket",
    "pizza",
    "guitar",
    "castle",
    "shadow",
    "master",
]
IDENTIFIERS = [
    "config.password",
    "getPassword()",
    "secretKey",
    "api_token",
    "userPassword",
    "process.env.SECRET",
    "string",
    "String",
    "null",
    "undefined",
    "None",
    "self.password",
    "password_field",
    "tokenName",
    "required",
    "invalid-token",
    "access_token",
    "refreshToken",
    "db-credentials",
    "app-secrets",
    "my-secret",
    "secret-name",
    "default",
    "bearer",
    "client_credentials",
    "authorization_code",
    "Password",
    "Enter-your-password",
    "token_type",
    "application/json",
    "user.auth.password",
    "/etc/ssl/key.pem",
    "secrets/db.txt",
    "config/keys.json",
    "KEY_LENGTH",
    "TOKEN_EXPIRED",
    "passwordInput",
    "forgot-password",
    "reset_password_path",
    "id_token",
    "session.token",
    "localStorage.token",
    "response.data.token",
    "credentials.json",
    "primary_key",
    "created_at",
    "username",
    "hidden",
    "text",
    "password-reset",
    "auth0",
    "public",
    "google",
]


def strong(source: random.Random, password: bool) -> str:
    """A value as a machine makes it."""
    pick = source.random()
    if password and pick < 0.6:
        alphabet = string.ascii_letters + string.digits + source.choice(("!#%&*+-=?@_", "", "!@#$%^&*()_+-=.:~"))
        return "".join(source.choice(alphabet) for _ in range(source.randint(8, 24)))
    size = source.choice((16, 20, 24, 32, 32, 40, 43, 48, 64))
    if pick < 0.75:
        return "".join(source.choice("0123456789abcdef") for _ in range(source.choice((32, 40, 64))))
    if pick < 0.87:
        return "".join(source.choice(string.ascii_letters + string.digits) for _ in range(size))
    if pick < 0.95:
        return base64.b64encode(source.randbytes(size)).decode()
    if pick < 0.97:
        return str(uuid.UUID(int=source.getrandbits(128), version=4))
    return base64.urlsafe_b64encode(source.randbytes(size)).decode().rstrip("=")


def human(source: random.Random) -> str:
    """A password as a person chooses it when made to."""
    word = source.choice(WORDS)
    forms: tuple[Callable[[], str], ...] = (
        lambda: f"{word.title()}{source.randint(1960, 2029)}{source.choice('!@#$%.?*')}",
        lambda: f"{word.title()}{source.choice('!@#$%-_.')}{source.choice(WORDS).title()}{source.randint(10, 9999)}",
        lambda: (
            word.replace("o", "0").replace("e", "3").replace("a", "@").title()
            + f"{source.randint(10, 999)}{source.choice('!@#$')}"
        ),
        lambda: f"{word}{source.choice(string.ascii_lowercase)}{source.choice(WORDS)}#{source.randint(100, 99999)}",
        lambda: f"{source.choice(WORDS)}-{word}-{source.choice(WORDS)}-{source.randint(10, 99)}",
    )
    return source.choice(forms)()


def render(template: str, name: str, value: str) -> str:
    """One line of an idiom. `name` is in snake case."""
    parts = name.split("_")
    camel = parts[0] + "".join(part.title() for part in parts[1:])
    names = {
        "NAME": name.upper(),
        "name": name,
        "camel": camel,
        "Camel": camel[:1].upper() + camel[1:],
        "dotted": ".".join(parts),
        "kebab": "-".join(parts),
    }
    return template.format(v=value, **names)


def lines(seed: int = 1, each: int = 12) -> list[tuple[str, bool]]:
    """(line, is a secret), `each` of both for every idiom."""
    source = random.Random(seed)
    made: list[tuple[str, bool]] = []
    for template in NAMED + NAMELESS:
        for number in range(each):
            password = template in NAMELESS or source.random() < 0.5
            name = source.choice(PASSWORDS if password else KEYS)
            value = human(source) if password and number % 4 == 0 else strong(source, password)
            made.append((render(template, name, value), True))
            stand_in = source.choice(IDENTIFIERS) if source.random() < 0.7 else source.choice(WORDS)
            made.append((render(template, name, stand_in), False))
    return made
