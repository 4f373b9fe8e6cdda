"""What the inbox offers about views: choosing, building, saving a search, order and density; by mouse, key and palette."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import shiboken6
from PySide6.QtCore import QObject

from app.conditions.tree import EVERYTHING, Node, QueryError
from app.conditions.typed import parse
from app.inbox.queries import pile_counts
from app.kernel.sentences import words_of
from app.search.queries import Order, kept
from app.views.commands import change_view
from app.views.queries import ViewInfo
from app.views.rules import Sort
from ui.actions import LISTS
from ui.pages.views.acts import noted
from ui.pages.views.lines import Line, lines_of
from ui.pages.views.look import drop, look_menu
from ui.pages.views.manage import open_manage
from ui.text import told, tr

if TYPE_CHECKING:
    from ui.pages.inbox.page import Page
    from ui.pages.views.chooser import Chooser

OWN = 9
"""So many of the own views have a key (G, 1 …)."""


class ViewOffers(QObject):
    """Everything about views that the page can do."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._page, self._context = page, page.context
        self.chooser: Chooser | None = None
        self._piles: dict[str, int] = {}
        page.list.views_wanted.connect(self.choose)
        page.list.look_wanted.connect(self.look)
        page.list.view_of_search_wanted.connect(lambda _typed: self.save_search())
        page.lists.changed.connect(self._show_lines)
        page.lists.changed.connect(self._ask_piles)

    def bind(self) -> None:
        """Perform the actions of views while the page is shown."""

        def on(key: str, run: Callable[[], object], allowed: Callable[[], bool | str] = lambda: True) -> None:
            self._context.actions.bind(self._page, key, run, allowed)

        on("views", self.choose)
        on("view.new", self.build)
        on("view.edit", self.edit, self._can_edit)
        on("view.manage", lambda: open_manage(self._context))
        on("view.look", self.look)
        on("view.save_search", self.save_search, self._can_save)
        for n in range(OWN):
            on(f"view.own{n + 1}", lambda n=n: self._show_own(n), lambda n=n: self._has_own(n))  # type: ignore[misc]

    # -- what is done

    def choose(self) -> None:
        """The list of all views."""
        if self.chooser is not None and shiboken6.isValid(self.chooser):
            self.chooser.close()
        from ui.pages.views.chooser import Chooser

        made = self.chooser = Chooser(self._lines)
        made.chosen.connect(self._chosen)
        made.new_wanted.connect(self.build)
        made.manage_wanted.connect(lambda: open_manage(self._context))
        made.show_below(self._page.list.title)
        self._page.lists.ask_numbers()
        self._ask_piles()

    def build(self) -> None:
        """A new view."""
        self._open_builder(self._show_saved)

    def edit(self) -> None:
        """Change the view shown; a built-in one is the beginning of a new one."""
        view = self._page.lists.current
        if view is None:
            return
        if view.is_built_in:
            self._open_builder(self._show_saved, tree=view.listing.condition)
        else:
            self._open_builder(view=view)

    def save_search(self) -> None:
        """What is typed in the search becomes a view."""
        tree = self._searched()
        if isinstance(tree, str):
            self._context.toasts.say(tree, "bad")
            return
        name = self._page.list.search.text().strip()[:40]
        sort = Sort.BEST if self._page.list.finding.best_first is Order.BEST else Sort.LAST_MESSAGE
        self._open_builder(self._show_saved, name=name, tree=tree, sort=sort)

    def look(self) -> None:
        """Order, headings and density of the view shown."""
        view = self._page.lists.current
        if view is not None:
            drop(look_menu(view, self._change(view), self._page), self._page.list.look)

    # -- parts

    def _open_builder(self, *then: Callable[[object], object], **start: Any) -> None:
        """`start`: what the builder begins with. It is imported here: the first rows do without it and its 10 ms."""
        from ui.pages.views.builder import Start, open_builder

        open_builder(self._context, Start(**start), *then)

    def _change(self, view: ViewInfo) -> Callable[..., Any]:
        def change(**fields: Any) -> None:
            self._context.tasks.do(noted, change_view, view.id, **fields)

        return change

    def _lines(self, typed: str) -> tuple[Line, ...]:
        lists = self._page.lists
        current = lists.current.id if lists.current is not None else None
        return lines_of(lists.views, lists.numbers, lists.count_of, current, self._keys, self._piles, typed)

    def _keys(self, view: ViewInfo) -> str:
        key = next((action for action, name in LISTS.items() if view.key and name == view.key), "")
        return self._context.actions.keys(key) if key else ""

    def _is_choosing(self) -> bool:
        return self.chooser is not None and shiboken6.isValid(self.chooser) and self.chooser.isVisible()

    def _show_lines(self) -> None:
        if self.chooser is not None and self._is_choosing():
            self.chooser.show_lines()

    def _ask_piles(self) -> None:
        """How much mail became no ticket is counted while somebody looks at the list of views."""
        if self._is_choosing():
            self._context.tasks.ask(pile_counts, then=self._take_piles, owner=self, key="pile-counts")

    def _take_piles(self, found: dict[str, int]) -> None:
        if found != self._piles:
            self._piles = found
            self._show_lines()

    def _chosen(self, line: Line) -> None:
        if line.view is not None:
            self._page.show_pile(line.view)
        else:
            self._context.go("health", part=line.part)

    def _show_saved(self, view: object) -> None:
        if isinstance(view, UUID):
            self._page.show_pile(view)

    def _own(self) -> list[ViewInfo]:
        return [one for one in self._page.lists.views if not one.is_built_in]

    def _show_own(self, n: int) -> None:
        own = self._own()
        if n < len(own):
            self._page.show_pile(own[n].id)

    def _has_own(self, n: int) -> bool | str:
        return n < len(self._own()) or tr("There is no such view")

    def _can_edit(self) -> bool | str:
        return self._page.lists.current is not None or tr("No view is shown")

    def _can_save(self) -> bool | str:
        tree = self._searched()
        return tree if isinstance(tree, str) else True

    def _searched(self) -> Node | str:
        """What is searched for as a condition, or why there is none."""
        typed = self._page.list.search.text().strip()
        if not typed:
            return tr("Nothing is searched for")
        try:
            tree = parse(typed)
        except QueryError as error:
            return told(words_of(error))
        return tr("Nothing is searched for") if tree == EVERYTHING else kept(tree, self._page.list.finding.scope)
