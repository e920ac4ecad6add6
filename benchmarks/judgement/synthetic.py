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
    "{name}: ${{{NAME}:-{v}}}",
    "{NAME}=${{{NAME}:-{v}}}",
    '@Value("${{{dotted}:{v}}}")',
    '#define {NAME} "{v}"',
    'char {name}[] = "{v}";',
    '<property name="app.{dotted}">{v}</property>',
    '<string name="{name}">{v}</string>',
    '{{"name": "{NAME}", "value": "{v}"}},',
    "- {{name: {NAME}, value: {v}}}",
    "- name: {NAME}\n  value: {v}",
    "<name>app.{dotted}</name>\n<value>{v}</value>",
    'public string {Camel} {{ get; set; }} = "{v}";',
    '    {camel} "{v}"',
    'parser.add_argument("--{kebab}", default="{v}")',
    'ENV.fetch("{NAME}") {{ "{v}" }}',
    'curl -H "X-{kebab}: {v}" https://api.acme.example/',
    'variable "{name}" {{\n  default = "{v}"\n}}',
    '{name}:\n  "{v}"',
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
    'login, password = "bob", "{v}"',
    'db = MySQLdb.connect("localhost", "root", "{v}", "shop")',
    "docker login -u bob -p {v} registry.acme.example",
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


LABELS = (
    "LABEL_PASSWORD",
    "FORGOT_PASSWORD",
    "TITLE_CHANGE_PASSWORD",
    "NEW_PASSWORD",
    "password_confirmation",
    "passwordHint",
    "login.password",
    "show_pwd_tooltip",
    "INVALID_TOKEN",
    "tokenExpired",
    "secret_question",
    "apiKeyLabel",
    "passwordRequired",
    "Enter password",
    "password",
)
LABELLED = (
    '  "{key}": "{text}",',
    "  {key}: {text}",
    "    {key}: '{text}',",
    "{key} = {text}",
    "{key}={text}",
    "'{key}' => '{text}',",
    '<string name="{key}">{text}</string>',
    '"{key}" = "{text}";',
)
TEXTS = """Passwort|Passwort vergessen?|Neues Passwort|Bitte Passwort eingeben|Kennwort wiederholen|Mot de passe
Nouveau mot de passe|Mot de passe oublié ?|Afficher le mot de passe|Contraseña|Nueva contraseña
¿Olvidaste tu contraseña?|Repite la contraseña|Senha|Nova senha|Esqueceu a senha?|Confirmar a senha
Parola d'ordine|Nuova password|Hai dimenticato la password?|Conferma password|Wachtwoord|Nieuw wachtwoord
Wachtwoord vergeten?|Herhaal wachtwoord|Hasło|Nowe hasło|Nie pamiętasz hasła?|Powtórz hasło|Heslo|Nové heslo
Zapomenuté heslo|Znovu heslo|Lösenord|Nytt lösenord|Glömt lösenordet?|Adgangskode|Ny adgangskode
Glemt adgangskode?|Passord|Nytt passord|Gjenta passordet|Salasana|Uusi salasana|Unohditko salasanan?
Vahvista salasana|Jelszó|Új jelszó|Elfelejtett jelszó|Parolă|Parolă nouă|Ai uitat parola?|Şifre|Yeni şifre
Parolanızı mı unuttunuz?|Пароль|Новый пароль|Забыли пароль?|密码|新密码|忘记密码|パスワード|新しいパスワード
비밀번호|새 비밀번호|Kata sandi|Kata sandi baru|Lupa kata sandi?|Mật khẩu|Mật khẩu mới|Geslo|Novo geslo|Lozinka
Nova lozinka|Parool|Uus parool|Unustasid parooli?|Parole|Jauna parole|Slaptažodis|Naujas slaptažodis
Ungültiges Token|Jeton invalide|Token no válido|Token scaduto|Token inválido|Der Schlüssel fehlt|Clé manquante
Clave secreta|Sicherheitsfrage|Question secrète|Pregunta secreta|Password is required|Forgot your password?
Show password|Reset password|Your session has expired|Invalid token|Choose a new password|Passwords do not match
Repeat password|Confirm|Wrong password"""


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
        lambda: (
            source.choice((word.title(), "Redis", "Mail", "Admin", "Root"))
            + source.choice(("Pass", "pass", "Pw"))
            + f"{source.randint(1, 9999)}{source.choice('!@#$')}"
        ),
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
    return made + [(line, False) for line in labels(source)]


def labels(source: random.Random) -> list[str]:
    """Lines of translations: a label's name, and what a person reads there in some language."""
    texts = TEXTS.replace("\n", "|").split("|")
    return [source.choice(LABELLED).format(key=source.choice(LABELS), text=text) for text in texts for _ in range(2)]
