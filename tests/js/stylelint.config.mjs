export default {
  extends: ["stylelint-config-standard"],
  rules: {
    // Short rules stand on one line, because the file is then easier to scan.
    "declaration-block-single-line-max-declarations": null,
    "declaration-empty-line-before": null,
    "rule-empty-line-before": null,
    "at-rule-empty-line-before": null,
    // Hover and state rules follow the part that they belong to.
    "no-descending-specificity": null,
    // The pages are also written from right to left.
    "property-disallowed-list": ["/^(margin|padding|border)-(left|right)/", "left", "right"],
    "declaration-property-value-disallowed-list": { "text-align": ["left", "right"], float: ["left", "right"] },
    // Safari on phones supports only the prefixed name.
    "property-no-vendor-prefix": [true, { ignoreProperties: ["/text-size-adjust$/"] }],
  },
};
