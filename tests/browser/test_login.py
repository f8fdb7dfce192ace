"""The login page in a browser, served by a process."""

from playwright.sync_api import Browser, Page, expect

from tests.web.identity.conftest import PASSWORD


def fill(page: Page, name: str | None, password: str) -> None:
    if name is not None:
        page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


def who(page: Page, place: str) -> str:
    return str(page.request.get(f"{place}api/session").json()["annotator"])


def test_join_by_the_first_link_and_log_in_again(chromium: Browser, team: tuple[str, str]) -> None:
    place, link = team
    asked: list[str] = []
    page = chromium.new_context().new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(link)
    expect(page.get_by_role("heading", name="Join")).to_be_visible()
    expect(page.get_by_text("Your role is owner.")).to_be_visible()
    fill(page, "Eve", "short")
    expect(page.get_by_role("alert")).to_have_text("The password has 5 characters: use 10 or more.")
    fill(page, None, PASSWORD)
    page.wait_for_url(place, wait_until="commit")
    assert who(page, place) == "Eve"
    assert not [url for url in asked if link.partition("=")[2] in url.partition("#")[0]]

    other = chromium.new_context().new_page()
    other.goto(link)
    expect(other.get_by_role("alert")).to_contain_text("This invite was already used")
    expect(other.get_by_role("heading", name="Log in")).to_be_visible()
    fill(other, "eve", "wrong password")
    expect(other.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    fill(other, None, PASSWORD)
    other.wait_for_url(place, wait_until="commit")
    assert who(other, place) == "Eve"
    assert other.context.cookies()[0]["httpOnly"] is True


def test_the_page_for_logging_in_has_the_chosen_colours(chromium: Browser, team: tuple[str, str]) -> None:
    place, _ = team
    context = chromium.new_context(color_scheme="light")
    page = context.new_page()
    page.goto(f"{place}static/login.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.evaluate("localStorage.setItem('s2c2.theme', 'dark')")
    page.reload()
    page.wait_for_function(f"{ground} !== '{light}'")
    context.close()
