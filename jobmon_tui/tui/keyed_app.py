"""An app whose keys can be others than those that its classes declare."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingsMap

from jobmon_tui.tui.keys.bound import bindings_map
from jobmon_tui.tui.keys.names import shown
from jobmon_tui.tui.leaving_app import LeavingApp

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.widget import Widget


class KeyedApp(LeavingApp):
    """Gives each screen and widget its keys as it comes; `keys` are those that differ, by action."""

    keys: Mapping[str, Sequence[str]] = {}

    def wear_keys(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Use these from now on, checked ones, on what is shown already too."""
        self.keys = keys
        self._maps: dict[type[DOMNode], BindingsMap] = {}
        self._give_keys(self)
        for screen in self.screen_stack:
            for node in screen.walk_children(with_self=True):
                self._give_keys(node)
        self.refresh_bindings()

    def _give_keys(self, node: "DOMNode") -> None:
        kind = type(node)
        if kind not in self._maps:
            self._maps[kind] = bindings_map(kind, self.keys)
        node._bindings = self._maps[kind].copy()  # noqa: SLF001  # there is no public way for one instance

    def get_key_display(self, binding: Binding) -> str:
        """Show keys everywhere as texts write them."""
        return binding.key_display or shown(binding.key)

    def _register_child(
        self, parent: "DOMNode", child: "Widget", before: int | None, after: int | None
    ) -> None:
        if self.keys:
            self._give_keys(child)
        super()._register_child(parent, child, before, after)
