"""Which files of a frozen tree are left out: what a window of widgets never loads, and what the system itself must give.

The C++ runtime, fonts, X11's base, D-Bus and glib come from the system that runs the program: a copy from the build machine
would be older than the drivers and themes that are loaded beside it; so does printing (CUPS with all that it needs). The small xcb libraries that Qt's window needs are kept,
because distributions rarely install them.
"""

from __future__ import annotations

import re
from typing import Final

LANGUAGES: Final = frozenset({"en", "de", "fr", "es", "it", "nl", "pl", "pt_BR", "sv", "ja"})
"""Of which Qt's own words (dialogs, menus of text fields) are shipped."""

_UNUSED: Final = re.compile(
    r"""(?x)
    plugins/platforms/(lib)?q(eglfs|linuxfb|minimal|minimalegl|vkkhrdisplay|vnc|direct2d)\b
  | plugins/(egldeviceintegrations|generic|designer|qmltooling|qmllint|sqldrivers|vectorimageformats|virtualkeyboard)/
  | plugins/platformthemes/libqgtk3
  | plugins/imageformats/(lib)?q(tga|wbmp|pdf|tiff)\b
  | plugins/networkinformation/libqconnman
  | (?:^|/)(?:lib)?Qt6?(EglFSDeviceIntegration|EglFsKms\w+|OpenGLWidgets|Qml\w*|Quick\w*|Pdf|Sql|Test|VirtualKeyboard)\b
  | PySide6/(qml|glue|typesystems|include|support|scripts)/
  | opengl32sw\.dll | d3dcompiler_
  | qtawesome/fonts/(?!materialdesignicons6)
  | \.pyi$ | /py\.typed$
    """
)
# One of a kind of icon theme or drawing library that only the removed GTK theme pulled in.
_GTK: Final = re.compile(
    r"lib(gtk-3|gdk-3|gdk_pixbuf|pango\w*|cairo[\w-]*|atk[\w-]*|atspi|epoxy|harfbuzz|fribidi|thai|datrie|graphite2"
    r"|pixman-1|Xcomposite|Xcursor|Xdamage|Xfixes|Xi|Xinerama|Xrandr|Xrender|Xext|jpeg)[-.]"
)
_FROM_THE_SYSTEM: Final = re.compile(
    r"lib(stdc\+\+|gcc_s|fontconfig|freetype|X11|Xau|Xdmcp|X11-xcb|xcb(?=\.)|GL|EGL|GLX|GLdispatch|dbus-1|systemd|selinux|mount"
    r"|blkid|keyutils|krb5\w*|gssapi_krb5|k5crypto|com_err|expat|cap|gcrypt|gpg-error|lz4|zstd|bsd|md|glib-2\.0|gio-2\.0"
    r"|gobject-2\.0|gmodule-2\.0|gthread-2\.0|pcre2-8|brotli\w*|png16|wayland-\w+|drm|cups|gnutls|p11-kit|unistring|idn2|nettle"
    r"|hogweed|gmp|tasn1|avahi-\w+)[-.]"
)


def is_wanted(path: str, platform: str) -> bool:
    """Does the file of this place in the tree belong to the program? `platform` as `sys.platform` names it."""
    place = path.replace("\\", "/")
    if _UNUSED.search(place):
        return False
    name = place.rsplit("/", 1)[-1]
    if "/translations/" in place:
        language = re.fullmatch(r"qtbase_(.+)\.qm", name)
        return language is not None and language[1] in LANGUAGES
    return not (platform.startswith("linux") and (_GTK.match(name) or _FROM_THE_SYSTEM.match(name)))
