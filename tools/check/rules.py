"""All rules, in the order in which they are reported."""

from __future__ import annotations

from collections.abc import Callable

from tools.check.boundaries import environment_is_accessed_in_settings_only, torch_is_imported_in_trainer_only
from tools.check.docstrings import docstrings_end_with_a_period, public_names_have_docstrings
from tools.check.hints import messages_name_no_files_of_the_repository
from tools.check.names import class_names_are_unique, mentioned_modules_exist
from tools.check.pages import glossary_words_are_defined_once
from tools.check.seams import additions_touch_three_files, registries_are_documented, seam_files_exist
from tools.check.sizes import long_files_have_a_reason
from tools.check.words import no_retired_module_names, no_retired_words

RULES: tuple[Callable[[], list[str]], ...] = (
    no_retired_words,
    no_retired_module_names,
    mentioned_modules_exist,
    class_names_are_unique,
    public_names_have_docstrings,
    docstrings_end_with_a_period,
    long_files_have_a_reason,
    messages_name_no_files_of_the_repository,
    environment_is_accessed_in_settings_only,
    torch_is_imported_in_trainer_only,
    registries_are_documented,
    seam_files_exist,
    additions_touch_three_files,
    glossary_words_are_defined_once,
)
