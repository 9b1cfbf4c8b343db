import { scaleColor, useTheme } from "../base/theme";

/** The legend of the colours that trials have everywhere on the page. */
export function Scale() {
  const theme = useTheme();
  const stops = [0, 0.25, 0.5, 0.75, 1].map((place) => scaleColor(place, theme)).join(", ");
  return (
    <span class="scale soft">
      best <i style={{ background: `linear-gradient(to right, ${stops})` }} /> worst
    </span>
  );
}
