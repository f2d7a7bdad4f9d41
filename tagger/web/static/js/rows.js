// Justified rows: photos in their own shapes, each row as wide as the grid.

const NARROWEST = 0.5, WIDEST = 3; // of a tile, as width by height; the rest of such a photo is cut off
const MOST_STRETCH = 1.35; // of the wanted height, in a last row that has few photos

export const shapeOf = ({ width, height }) => Math.min(WIDEST, Math.max(NARROWEST, width / height || 1));

/**
 * Where photos are if their rows are equally full, and about as high as wanted.
 *
 * @param shapes width by height of each photo
 * @param width of the grid, in pixels like all else
 * @param wanted the height of a row
 * @param gap between photos
 * @returns the rectangle of each, and the height of all with a gap below
 */
export function justified(shapes, width, wanted, gap) {
  const total = shapes.reduce((sum, shape) => sum + shape, 0);
  const rows = Math.max(1, Math.round((total * wanted + shapes.length * gap) / (width + gap)));
  const rects = [];
  let row = 1, start = 0, seen = 0, sum = 0, y = 0;
  shapes.forEach((shape, index) => {
    seen += shape;
    sum += shape;
    const isLast = index === shapes.length - 1;
    if (!isLast && (row === rows || seen + shapes[index + 1] / 2 < (row * total) / rows)) return; // another one fits
    const full = (width - gap * (index - start)) / sum;
    const height = isLast ? Math.min(full, wanted * MOST_STRETCH) : full;
    let x = 0;
    for (const own of shapes.slice(start, index + 1)) {
      rects.push({ x, y, width: own * height, height });
      x += own * height + gap;
    }
    [row, start, sum, y] = [row + 1, index + 1, 0, y + height + gap];
  });
  return { rects, height: y };
}
