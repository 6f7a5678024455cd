import { expect, it } from "vitest";
import { segment, unescape } from "./patch";

it("makes one segment of a name with slashes, and the name of a segment", () => {
  expect(segment("/pets/{id}/GET")).toBe("~1pets~1{id}~1GET");
  for (const name of ["/a~b/c", "~1", "~01", "plain"]) expect(unescape(segment(name))).toBe(name);
});
