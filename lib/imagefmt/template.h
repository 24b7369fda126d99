// The template language of images: a subset of Pongo2 (Django style) without anything that reaches the host.
#pragma once
#include "api/json.h"

namespace imagefmt {

/// Renders `text`: {{ expression|filter:argument }}, {% if %} / {% elif %} / {% else %} / {% endif %},
/// {% comment %}, {%- space -%} control, {% for x in list %} or {% for key, value in map %} / {% endfor %}, {% set name = expression %}, {% autoescape %}, {# comments #}.
/// `variables` is an object; config_get(key, default) reads its member "config". Unknown variables are empty.
/// Errors: invalid, naming the line; too_large (more than 4 MiB of output or a million steps).
Result<std::string> render_template(std::string_view text, const Json& variables);

}  // namespace imagefmt
