"""An owner's page for the people of a team."""

from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import served_to_a_team, watch
from tests.browser.test_login import fill, who
from tests.web.identity.conftest import PASSWORD


def joined(context: BrowserContext, place: str, link: str, name: str) -> Page:
    """Follow an invite."""
    page = context.new_page()
    page.goto(link)
    expect(page.get_by_role("heading", name="Join")).to_be_visible()
    fill(page, name, PASSWORD)
    page.wait_for_url(place, wait_until="commit")
    return page


def people(page: Page) -> None:
    """Go to the page of people by its key."""
    page.wait_for_selector(".single .facts, .groups .facts")
    page.keyboard.press("t")
    expect(page.get_by_role("heading", name="Accounts")).to_be_visible()


def row(page: Page, title: str, name: str) -> Locator:
    """Return a row of a card."""
    card = page.locator(".card", has=page.get_by_role("heading", name=title, exact=True))
    return card.locator("tbody tr", has=page.get_by_role("rowheader", name=name, exact=True))


def secret(page: Page) -> str:
    """Return what is shown once, and close its window with a key."""
    given = str(page.locator("dialog.secret input").input_value())
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    return given


def test_an_owner_invites_changes_blocks_and_sees_it_all(
    context: BrowserContext, other_context: BrowserContext, team: tuple[str, str], troubles: list[str]
) -> None:
    place, link = team
    eve = joined(context, place, link, "eve")
    watch(eve, troubles)
    people(eve)
    eve.get_by_label("Role", exact=True).select_option("reviewer")
    eve.get_by_label("Days").fill("2")
    eve.get_by_label("Days").press("Enter")
    expect(eve.locator("dialog.secret")).to_contain_text("one account with the role reviewer")
    invitation = secret(eve)
    expect(row(eve, "Invite somebody", "reviewer")).to_contain_text("new account")
    bob = joined(other_context, place, invitation, "bob")
    assert who(bob, place) == "bob"
    eve.locator("#rail [data-view=people]").click()
    expect(row(eve, "Accounts", "bob")).to_contain_text("reviewer")
    expect(row(eve, "Invite somebody", "reviewer")).to_have_count(0)

    row(eve, "Accounts", "bob").get_by_role("button", name="Change the role of bob").press("Enter")
    eve.keyboard.type("annot")
    eve.keyboard.press("Enter")
    expect(row(eve, "Accounts", "bob")).to_contain_text("annotator")
    row(eve, "Accounts", "bob").get_by_role("button", name="Block").press("Space")
    expect(row(eve, "Accounts", "bob")).to_contain_text("blocked since")
    assert bob.request.get(f"{place}api/session").status == 401
    expect(row(eve, "Accounts", "bob").get_by_role("button", name="Let in again")).to_be_focused()
    expect(row(eve, "Accounts", "bob").get_by_role("button", name="New password")).to_have_count(0)

    row(eve, "Accounts", "eve").get_by_role("button", name="Block").click()
    expect(eve.locator("#toast")).to_contain_text("owner")
    expect(row(eve, "Accounts", "eve")).to_contain_text("may log in")
    for words in ("disabled", "role", "joined", "invite"):
        expect(eve.locator(".card", has_text="Who did what")).to_contain_text(words)


def test_tokens_are_shown_once_end_and_are_revoked(
    context: BrowserContext, chromium: Browser, team: tuple[str, str], troubles: list[str]
) -> None:
    place, link = team
    eve = joined(context, place, link, "eve")
    watch(eve, troubles)
    people(eve)
    eve.get_by_role("button", name="Make a token for yourself").click()
    eve.get_by_label("What it is for").fill("backup")
    eve.get_by_label("Days until it ends").fill("30")
    eve.keyboard.press("Enter")
    expect(eve.locator("dialog.secret")).to_contain_text("not shown again")
    bearer = {"Authorization": f"Bearer {secret(eve)}"}
    script = chromium.new_context().request
    assert script.get(f"{place}api/session", headers=bearer).status == 200
    row(eve, "Accounts", "eve").get_by_role("button", name="API tokens of eve").click()
    shown = eve.locator("dialog tbody tr")
    expect(shown).to_contain_text("backup")
    expect(shown).to_contain_text("on ")
    shown.get_by_role("button", name="Revoke backup").click()
    expect(shown).to_contain_text("revoked on")
    assert script.get(f"{place}api/session", headers=bearer).status == 401


def test_the_page_is_for_owners_and_fits_at_200_percent(
    context: BrowserContext, other_context: BrowserContext, team: tuple[str, str]
) -> None:
    place, link = team
    eve = joined(context, place, link, "eve")
    people(eve)
    eve.set_viewport_size({"width": 640, "height": 400})
    assert eve.evaluate("document.documentElement.scrollWidth") <= 640
    eve.set_viewport_size({"width": 360, "height": 700})
    for button in row(eve, "Accounts", "eve").get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 330
    made = eve.get_by_role("button", name="Make an invite link")
    made.scroll_into_view_if_needed()
    made.click()
    bob = joined(other_context, place, secret(eve), "bob")
    bob.wait_for_selector(".single .facts, .groups .facts")
    expect(bob.locator("[data-view=people]")).to_be_hidden()
    bob.keyboard.press("t")
    bob.keyboard.press("d")
    expect(bob.get_by_role("heading", name="Dashboard")).to_be_visible()
    assert bob.request.get(f"{place}api/accounts").status == 403


def test_an_owner_who_takes_no_part_in_a_study_has_all_but_images(
    tmp_path: Path, context: BrowserContext, troubles: list[str]
) -> None:
    plan = tmp_path / "study.yaml"
    plan.write_text("name: pilot\narms: [none]\nrounds: 2\nannotators: [bob]\n", encoding="utf-8")
    with served_to_a_team(tmp_path / "data", "--study", str(plan)) as (place, link):
        eve = joined(context, place, link, "eve")
        watch(eve, troubles)
        expect(eve.get_by_role("heading", name="Dashboard")).to_be_visible()
        expect(eve.locator("#rail [data-view=groups]")).to_be_hidden()
        eve.keyboard.press("b")
        eve.keyboard.press("v")
        expect(eve.locator(".review .facts")).to_have_text("Nothing to decide")
        eve.keyboard.press("t")
        expect(eve.get_by_role("heading", name="Accounts")).to_be_visible()
        expect(eve.locator("#notices .notice")).to_have_count(0)
        eve.get_by_role("button", name="Log out").click()
        eve.wait_for_url(f"{place}static/login.html")
