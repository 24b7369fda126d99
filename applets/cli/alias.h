// User aliases: words of config.yml that stand for a longer command line.
#pragma once
#include <optional>

#include "applets/cli/config.h"
#include "base/result.h"
#include "base/strings.h"

namespace cli {

/// Aliases that every user has, unless an own one has the same name.
const StringMap& built_in_aliases();

/// Replaces the first words of the arguments by what the longest matching alias stands for: @ARGS@ is all remaining arguments,
/// @ARG1@ the first one (which @ARGS@ then leaves out). `first` is the index of the first word that is not a flag. Nothing if no alias fits.
/// The result may start with "/path/of/a/program", which is then to be run instead. Errors: invalid (too few arguments).
Result<std::optional<StringList>> expand_alias(const Config& config, const StringList& arguments, size_t first);

/// Words of a shell-like text: quotes and backslashes, no expansion of any kind. Nothing on an unfinished quote.
std::optional<StringList> split_words(std::string_view text);

}  // namespace cli
