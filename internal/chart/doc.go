// Package chart draws figures for people: panels of rows with a bar to the left for less and one to the right for more.
//
// [Page.SVG] leaves the fonts to whoever shows the picture. [Page.PNG] draws the letters itself and needs a font that has them:
// [OpenFont] reads one from a file, [FindFont] looks for one where systems keep them. The same page and font are the same bytes.
package chart
