#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""agent_tool.py SESSION: the code tool of an agent.

Reads calls, one JSON object a line, {"code": "...", "files": {"name": "text"}},
and answers each with a line: {"ok": ..., "text": "...", "images": [{"name":
..., "png_b64": ...}]}. All calls of a session share a workspace, so that one
goes on with the files that another has left; variables do not stay.

What goes back to the model is bounded, and says when it was cut.
"""

import base64
import json
import sys

import sbx

LIMITS = {"wall_time": 30, "memory": "512M", "disk": "50M",
          "output_limit": "1M"}
MAX_TEXT = 20000  # characters that a model gets to see
MAX_IMAGES = 5
PNG = b"\x89PNG\r\n\x1a\n"


class CodeTool:
    """Runs the code of one session."""

    def __init__(self, session, **options):
        self.box = sbx.Sandbox("python", session=session, collect=["*.png"],
                               **{**LIMITS, **options})

    def call(self, code, files=None):
        """The answer to one call. What the code does is an answer; that there
        is no sandbox is one, too."""
        try:
            result = self.box.execute(code, files=files)
        except sbx.SandboxError as error:
            return {"ok": False, "text": f"the tool failed: {error}",
                    "images": []}
        text = result.stdout + result.stderr
        if len(text) > MAX_TEXT:
            text = text[:MAX_TEXT] + "\n[the rest is cut]"
        if not result.success:
            text += f"\n[{result.message}]"
        images = [{"name": name, "png_b64": base64.b64encode(data).decode()}
                  for name, data in sorted(result.files.items())
                  if data.startswith(PNG)]
        left = [file["path"] for file in result.report.get("files", [])
                if "content_b64" not in file]
        left += [image["name"] for image in images[MAX_IMAGES:]]
        if left:
            text += (f"\n[{len(left)} not shown, too large or too many: "
                     f"{', '.join(left[:MAX_IMAGES])}]")
        return {"ok": result.success, "text": text,
                "images": images[:MAX_IMAGES]}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tool = CodeTool(sys.argv[1])
    for line in sys.stdin:
        try:
            call = json.loads(line)
            answer = tool.call(call["code"], call.get("files"))
        except (ValueError, KeyError, TypeError) as error:
            answer = {"ok": False, "text": f"not a call: {error!r}",
                      "images": []}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
